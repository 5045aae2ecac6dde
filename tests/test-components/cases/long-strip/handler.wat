;; Puts a picture of 16384x1, or is told that it may not.
(func (export "framebox:video/transform@0.1.0#process")
  (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
  (call $draw (local.get $output) (i32.const 16384) (i32.const 1) (i32.const 2)
    (i32.const 65536) (i32.const 16384) (i32.const 1024))
  (call $show (local.get $output) (local.get $frame) (i32.const 1024))
  (call $return (local.get $frame) (local.get $output)))
