;; Grows its table until it may not; it may not have more than a hundred thousand elements.
(table $table 0 funcref)
(func (export "framebox:video/transform@0.1.0#process")
  (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
  (loop $more
    (br_if $more (i32.ne (table.grow $table (ref.null func) (i32.const 1000)) (i32.const -1))))
  (if (i32.gt_u (table.size $table) (i32.const 100000)) (then (unreachable)))
  (call $show (local.get $output) (local.get $frame) (i32.const 1024))
  (call $return (local.get $frame) (local.get $output)))
