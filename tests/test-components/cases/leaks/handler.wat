;; Takes four MiB more for each frame, uses them, and gives nothing back.
(func (export "framebox:video/transform@0.1.0#process")
  (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
  (local $page i32)
  (local.set $page (memory.grow (i32.const 64)))
  (if (i32.eq (local.get $page) (i32.const -1)) (then (unreachable)))
  (memory.fill (i32.mul (local.get $page) (i32.const 65536)) (i32.const 1) (i32.const 0x400000))
  (call $show (local.get $output) (local.get $frame) (i32.const 1024))
  (call $return (local.get $frame) (local.get $output)))
