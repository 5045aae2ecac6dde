;; Asks ten thousand times for a copy of 1280x720.
(func (export "framebox:video/transform@0.1.0#process")
  (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
  (local $left i32)
  (local.set $left (i32.const 10000))
  (loop $again
    (global.set $heap (i32.const 65536))
    (call $sample (local.get $frame) (i32.const 0)
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 1) (i32.const 1280) (i32.const 720) (i32.const 1200))
    (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
  (call $show (local.get $output) (local.get $frame) (i32.const 1024))
  (call $return (local.get $frame) (local.get $output)))
