;; Writes two thousand lines of 4 KiB to its standard output for each frame.
(func (export "framebox:video/transform@0.1.0#process")
  (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
  (local $left i32) (local $out i32)
  (memory.fill (i32.const 65536) (i32.const 0x61) (i32.const 4095))
  (i32.store8 (i32.const 69631) (i32.const 10))
  (local.set $out (call $get-stdout))
  (local.set $left (i32.const 2000))
  (loop $again
    (call $write (local.get $out) (i32.const 65536) (i32.const 4096) (i32.const 1024))
    (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
  (call $drop-out (local.get $out))
  (call $show (local.get $output) (local.get $frame) (i32.const 1024))
  (call $return (local.get $frame) (local.get $output)))
