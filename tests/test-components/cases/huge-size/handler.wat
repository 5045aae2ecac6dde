;; Puts a picture of 100000x100000.
(func (export "framebox:video/transform@0.1.0#process")
  (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
  (call $draw (local.get $output) (i32.const 100000) (i32.const 100000) (i32.const 0) (i32.const 2048) (i32.const 10) (i32.const 1024))
  (call $return (local.get $frame) (local.get $output)))
