;; Puts a thousand texts of 64 KiB a frame.
(data (i32.const 2048) "x")
;; One output: id and label "x", kind text, no unit.
(data (i32.const 2100) "\00\08\00\00\01\00\00\00" "\00\08\00\00\01\00\00\00" "\02\00\00\00" "\00\00\00\00\00\00\00\00\00\00\00\00")
(data (i32.const 2200) "\00\08\00\00\01\00\00\00" "\00\08\00\00\01\00\00\00" "\00\00\00\00\00\00\00\00" "\34\08\00\00\01\00\00\00")
(func (export "framebox:video/lifecycle@0.1.0#describe") (result i32) (i32.const 2200))
(func (export "framebox:video/transform@0.1.0#process")
  (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
  (local $left i32)
  (local.set $left (i32.const 1000))
  (loop $again
    (call $put (local.get $output) (i32.const 2048) (i32.const 1)
      (i32.const 3) (i64.const 4096) (i32.const 65536) (i32.const 0) (i32.const 0) (i32.const 1024))
    (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
  (call $show (local.get $output) (local.get $frame) (i32.const 1024))
  (call $return (local.get $frame) (local.get $output)))
