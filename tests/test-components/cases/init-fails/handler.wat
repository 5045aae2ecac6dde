;; Says in `init` that it cannot.
(data (i32.const 2048) "no licence")
(data (i32.const 2064) "\01\00\00\00" "\00\08\00\00\0a\00\00\00")
(func (export "framebox:video/lifecycle@0.1.0#init") (param i32 i32) (result i32) (i32.const 2064))
(func (export "framebox:video/transform@0.1.0#process")
  (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
  (call $show (local.get $output) (local.get $frame) (i32.const 1024))
  (call $return (local.get $frame) (local.get $output)))
