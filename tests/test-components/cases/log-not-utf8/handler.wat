;; Logs bytes that are no text.
(data (i32.const 2048) "\c3\28\ff")
(func (export "framebox:video/transform@0.1.0#process")
  (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
  (call $log (i32.const 1) (i32.const 2048) (i32.const 3))
  (call $show (local.get $output) (local.get $frame) (i32.const 1024))
  (call $return (local.get $frame) (local.get $output)))
