;; Consists of six instances with a memory each.
(component
  (core module $module (memory 1))
  (core instance (instantiate $module)) (core instance (instantiate $module)) (core instance (instantiate $module))
  (core instance (instantiate $module)) (core instance (instantiate $module)) (core instance (instantiate $module))
  (instance $empty)
  (export "framebox:video/lifecycle@0.1.0" (instance $empty))
  (export "framebox:video/transform@0.1.0" (instance $empty)))
