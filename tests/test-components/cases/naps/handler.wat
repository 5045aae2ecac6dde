;; Takes 200 ms for each frame, and shows it.
(func (export "framebox:video/transform@0.1.0#process")
  (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
  (local $pollable i32)
  (local.set $pollable (call $subscribe (i64.const 200000000)))
  (call $block (local.get $pollable))
  (call $drop-pollable (local.get $pollable))
  (call $show (local.get $output) (local.get $frame) (i32.const 1024))
  (call $return (local.get $frame) (local.get $output)))
