;; Exports functions of the right names and of other types.
(component
  (core module $module (func (export "number") (result i32) (i32.const 7)))
  (core instance $core (instantiate $module))
  (func $number (result u32) (canon lift (core func $core "number")))
  (instance $lifecycle
    (export "describe" (func $number)) (export "init" (func $number))
    (export "configure" (func $number)) (export "close" (func $number)))
  (instance $transform (export "process" (func $number)))
  (export "framebox:video/lifecycle@0.1.0" (instance $lifecycle))
  (export "framebox:video/transform@0.1.0" (instance $transform))
)
