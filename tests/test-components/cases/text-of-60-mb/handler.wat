;; Puts a text of 60 MB that it does have.
(func (export "framebox:video/transform@0.1.0#process")
  (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
  (drop (memory.grow (i32.const 1000)))
  (call $put (local.get $output) (i32.const 2048) (i32.const 1)
    (i32.const 3) (i64.const 65536) (i32.const 60000000) (i32.const 0) (i32.const 0) (i32.const 1024))
  (call $show (local.get $output) (local.get $frame) (i32.const 1024))
  (call $return (local.get $frame) (local.get $output)))
