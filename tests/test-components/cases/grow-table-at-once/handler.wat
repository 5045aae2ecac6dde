;; Wants a table of four thousand million elements and does without none.
(table $table 0 funcref)
(func (export "framebox:video/transform@0.1.0#process")
  (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
  (if (i32.eq (table.grow $table (ref.null func) (i32.const -1)) (i32.const -1)) (then (unreachable)))
  (call $show (local.get $output) (local.get $frame) (i32.const 1024))
  (call $return (local.get $frame) (local.get $output)))
