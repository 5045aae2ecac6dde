;; Makes pictures, and never finishes the first.
(func (export "framebox:video/generate@0.1.0#next")
  (param $now i64) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
  (loop $again (br $again))
  (call $return (local.get $output)))
