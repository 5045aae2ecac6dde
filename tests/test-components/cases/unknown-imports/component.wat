;; Wants the network, a database and a graphics card.
(component
  (import "wasi:http/outgoing-handler@0.2.0" (instance))
  (import "acme:database/query@1.0.0" (instance))
  (import "gpu" (func))
  (instance $empty)
  (export "framebox:video/lifecycle@0.1.0" (instance $empty))
  (export "framebox:video/transform@0.1.0" (instance $empty)))
