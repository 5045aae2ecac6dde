;; Gives memory at an odd address for the list of parameters.
(data (i32.const 2048) "x")
;; One parameter: id and label "x", no help, no group, a toggle that is off.
(data (i32.const 2200) "\00\08\00\00\01\00\00\00" "\00\08\00\00\01\00\00\00")
(data (i32.const 2240) "\02")
(data (i32.const 2400) "\00\08\00\00\01\00\00\00" "\00\08\00\00\01\00\00\00" "\98\08\00\00\01\00\00\00" "\00\00\00\00\00\00\00\00")
(func (export "framebox:video/lifecycle@0.1.0#describe") (result i32) (i32.const 2400))
(func (export "cabi_realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
  (i32.const 4097))
(func (export "framebox:video/transform@0.1.0#process")
  (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
  (call $show (local.get $output) (local.get $frame) (i32.const 1024))
  (call $return (local.get $frame) (local.get $output)))
