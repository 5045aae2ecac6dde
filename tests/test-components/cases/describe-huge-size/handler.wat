;; Wants pictures of 16384x16384, 400 MB each on the host.
(data (i32.const 2048) "x")
(data (i32.const 2200) "\00\08\00\00\01\00\00\00" "\00\08\00\00\01\00\00\00" "\00\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\00")
(data (i32.const 2232) "\01\00\00\00" "\00\40\00\00" "\00\40\00\00")
(func (export "framebox:video/lifecycle@0.1.0#describe") (result i32) (i32.const 2200))
(func (export "framebox:video/transform@0.1.0#process")
  (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
  (call $show (local.get $output) (local.get $frame) (i32.const 1024))
  (call $return (local.get $frame) (local.get $output)))
