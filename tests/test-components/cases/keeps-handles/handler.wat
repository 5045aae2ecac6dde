;; Returns without giving back what it was lent.
(func (export "framebox:video/transform@0.1.0#process") (param i32 i32 i32 i64) (result i32) (i32.const 16))
