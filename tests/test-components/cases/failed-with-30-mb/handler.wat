;; Says in 30 MB that the frame failed.
(data (i32.const 2064) "\01\00\00\00" "\00\00\00\00" "\00\00\01\00\80\c3\c9\01")
(func (export "framebox:video/transform@0.1.0#process")
  (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
  (drop (memory.grow (i32.const 500)))
  (memory.fill (i32.const 65536) (i32.const 0x61) (i32.const 30000000))
  (drop (call $return (local.get $frame) (local.get $output)))
  (i32.const 2064))
