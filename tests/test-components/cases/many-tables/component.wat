;; Has twenty tables.
(component
  (core module $module
    (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref)
    (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref)
    (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref)
    (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref)
  )
  (core instance (instantiate $module))
  (instance $empty)
  (export "framebox:video/lifecycle@0.1.0" (instance $empty))
  (export "framebox:video/transform@0.1.0" (instance $empty)))
