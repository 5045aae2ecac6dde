;; Reads the whole picture as RGBA and writes it as it is.
(func (export "framebox:video/transform@0.1.0#process")
  (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
  (call $info (local.get $frame) (i32.const 1024))
  (call $pixels (local.get $frame) (i32.const 0) (i32.const 1200))
  (call $draw (local.get $output) (i32.load (i32.const 1024)) (i32.load (i32.const 1028)) (i32.const 0)
    (i32.load (i32.const 1200)) (i32.load (i32.const 1204)) (i32.const 1300))
  (call $return (local.get $frame) (local.get $output)))
