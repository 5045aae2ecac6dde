;; Logs a hundred thousand lines a frame.
(data (i32.const 2048) "flood")
(func (export "framebox:video/transform@0.1.0#process")
  (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
  (local $left i32)
  (local.set $left (i32.const 100000))
  (loop $again
    (call $log (i32.const 1) (i32.const 2048) (i32.const 5))
    (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
  (call $show (local.get $output) (local.get $frame) (i32.const 1024))
  (call $return (local.get $frame) (local.get $output)))
