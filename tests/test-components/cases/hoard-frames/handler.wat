;; Opens the source "clip" a hundred times, takes a thousand pictures, and gives nothing back: when it may not have more, it
;; is told so.
(data (i32.const 2048) "clip")
(global $source (mut i32) (i32.const 0))
(func (export "framebox:video/transform@0.1.0#process")
  (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
  (local $left i32)
  (local.set $left (i32.const 100))
  (loop $again
    (call $open (i32.const 2048) (i32.const 4) (i32.const 1024))
    (if (i32.eqz (i32.load8_u (i32.const 1024))) (then (global.set $source (i32.load (i32.const 1028)))))
    (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
  (local.set $left (i32.const 1000))
  (if (global.get $source) (then
    (loop $again
      (call $advance (global.get $source) (i32.const 1024))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (if (i32.eqz (i32.load8_u (i32.const 1024))) (then (unreachable)))))
  (call $show (local.get $output) (local.get $frame) (i32.const 1024))
  (call $return (local.get $frame) (local.get $output)))
