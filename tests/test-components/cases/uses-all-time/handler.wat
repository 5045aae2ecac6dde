;; Computes until 30 ms before its time is over.
(func (export "framebox:video/transform@0.1.0#process")
  (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
  (local $end i64)
  (local.set $end
    (i64.add (call $clock-now)
      (i64.mul (i64.sub (i64.extend_i32_u (local.get $time)) (i64.const 30000)) (i64.const 1000))))
  (loop $again (br_if $again (i64.lt_s (call $clock-now) (local.get $end))))
  (call $show (local.get $output) (local.get $frame) (i32.const 1024))
  (call $return (local.get $frame) (local.get $output)))
