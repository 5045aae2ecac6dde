;; Has a memory that threads would share.
(component
  (core module $module (memory 1 1 shared))
  (core instance (instantiate $module))
  (instance $empty)
  (export "framebox:video/lifecycle@0.1.0" (instance $empty))
  (export "framebox:video/transform@0.1.0" (instance $empty)))
