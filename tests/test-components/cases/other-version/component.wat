;; Was made for another version of the interface.
(component

  (instance $empty)
  (export "framebox:video/lifecycle@0.1.0" (instance $empty))
  (export "framebox:video/transform@9.0.0" (instance $empty)))
