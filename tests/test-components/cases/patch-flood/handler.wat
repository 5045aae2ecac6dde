;; Patches its picture without end.
(func (export "framebox:video/transform@0.1.0#process")
  (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
  (call $show (local.get $output) (local.get $frame) (i32.const 1024))
  (loop $again
    (call $patch (local.get $output) (i32.const 0) (i32.const 0) (i32.const 32) (i32.const 32) (i32.const 0)
      (i32.const 65536) (i32.const 4096) (i32.const 1024))
    (br $again))
  (call $show (local.get $output) (local.get $frame) (i32.const 1024))
  (call $return (local.get $frame) (local.get $output)))
