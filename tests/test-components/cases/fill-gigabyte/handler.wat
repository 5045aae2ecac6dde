;; Fills a gigabyte where it has two pages.
(func (export "framebox:video/transform@0.1.0#process")
  (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
  (loop $again
    (memory.fill (i32.const 0) (i32.const 7) (i32.const 0x40000000))
    (br $again))
  (call $show (local.get $output) (local.get $frame) (i32.const 1024))
  (call $return (local.get $frame) (local.get $output)))
