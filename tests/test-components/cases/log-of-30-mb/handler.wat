;; Logs one line of 30 MB.
(func (export "framebox:video/transform@0.1.0#process")
  (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
  (drop (memory.grow (i32.const 500)))
  (memory.fill (i32.const 65536) (i32.const 0x61) (i32.const 30000000))
  (call $log (i32.const 1) (i32.const 65536) (i32.const 30000000))
  (call $show (local.get $output) (local.get $frame) (i32.const 1024))
  (call $return (local.get $frame) (local.get $output)))
