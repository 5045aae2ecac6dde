;; Begins a thousand waits and ends none.
(func (export "framebox:video/transform@0.1.0#process")
  (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
  (local $left i32)
  (local.set $left (i32.const 1000))
  (loop $again
    (drop (call $subscribe (i64.const 1000000)))
    (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
  (call $show (local.get $output) (local.get $frame) (i32.const 1024))
  (call $return (local.get $frame) (local.get $output)))
