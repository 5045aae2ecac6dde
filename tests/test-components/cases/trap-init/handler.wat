;; Traps in `init`.
(func (export "framebox:video/lifecycle@0.1.0#init") (param i32 i32) (result i32) (unreachable))
(func (export "framebox:video/transform@0.1.0#process")
  (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
  (call $show (local.get $output) (local.get $frame) (i32.const 1024))
  (call $return (local.get $frame) (local.get $output)))
