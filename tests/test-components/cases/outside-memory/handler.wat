;; Puts a list that does not lie within its memory.
(func (export "framebox:video/transform@0.1.0#process")
  (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
  (call $draw (local.get $output) (i32.const 640) (i32.const 480) (i32.const 0) (i32.const 65536) (i32.const 1228800) (i32.const 1024))
  (call $return (local.get $frame) (local.get $output)))
