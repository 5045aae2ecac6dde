;;; if $info
  (import "framebox:video/media@0.1.0" "[method]frame.info" (func $info (param $frame i32) (param $result i32)))
;;; if $pixels
  (import "framebox:video/media@0.1.0" "[method]frame.pixels"
    (func $pixels (param $frame i32) (param $format i32) (param $result i32)))
;;; if $sample
  (import "framebox:video/media@0.1.0" "[method]frame.sample"
    (func $sample (param $frame i32) (param $format i32)
      (param $crop i32) (param $x i32) (param $y i32) (param $w i32) (param $h i32)
      (param $to i32) (param $width i32) (param $height i32) (param $result i32)))
;;; if $show
  (import "framebox:video/media@0.1.0" "[method]output.show"
    (func $show (param $output i32) (param $frame i32) (param $result i32)))
;;; if $draw
  (import "framebox:video/media@0.1.0" "[method]output.pixels"
    (func $draw (param $output i32) (param $width i32) (param $height i32) (param $format i32)
      (param $data i32) (param $length i32) (param $result i32)))
;;; if $patch
  (import "framebox:video/media@0.1.0" "[method]output.patch"
    (func $patch (param $output i32) (param $x i32) (param $y i32) (param $width i32) (param $height i32)
      (param $format i32) (param $data i32) (param $length i32) (param $result i32)))
;;; if $put
  (import "framebox:video/media@0.1.0" "[method]output.put"
    (func $put (param $output i32) (param $id i32) (param $id-length i32)
      (param $case i32) (param i64 i32 i32 i32) (param $result i32)))
;;; if $log
  (import "framebox:video/log@0.1.0" "log" (func $log (param $level i32) (param $message i32) (param $length i32)))
;;; if $subscribe
  (import "wasi:clocks/monotonic-clock@0.2.6" "subscribe-duration" (func $subscribe (param $ns i64) (result i32)))
  (import "wasi:io/poll@0.2.6" "[method]pollable.block" (func $block (param $pollable i32)))
  (import "wasi:io/poll@0.2.6" "[resource-drop]pollable" (func $drop-pollable (param i32)))
;;; if $clock-now
  (import "wasi:clocks/monotonic-clock@0.2.6" "now" (func $clock-now (result i64)))
;;; if $get-stdin
  (import "wasi:cli/stdin@0.2.6" "get-stdin" (func $get-stdin (result i32)))
  (import "wasi:io/streams@0.2.6" "[method]input-stream.blocking-read"
    (func $read (param $stream i32) (param $length i64) (param $result i32)))
  (import "wasi:io/streams@0.2.6" "[resource-drop]input-stream" (func $drop-in (param i32)))
;;; if $get-stdout
  (import "wasi:cli/stdout@0.2.6" "get-stdout" (func $get-stdout (result i32)))
  (import "wasi:io/streams@0.2.6" "[method]output-stream.blocking-write-and-flush"
    (func $write (param $stream i32) (param $data i32) (param $length i32) (param $result i32)))
  (import "wasi:io/streams@0.2.6" "[resource-drop]output-stream" (func $drop-out (param i32)))
;;; if $random
  (import "wasi:random/random@0.2.6" "get-random-bytes" (func $random (param $length i64) (param $result i32)))
;;; if $exit
  (import "wasi:cli/exit@0.2.6" "exit" (func $exit (param $status i32)))
;;; if $new-thing
  (import "[export]framebox:test/hoard" "[resource-new]thing" (func $new-thing (param $rep i32) (result i32)))
;;; if $open
  (import "framebox:video/sources@0.1.0" "open"
    (func $open (param $name i32) (param $length i32) (param $result i32)))
  (import "framebox:video/sources@0.1.0" "[method]source.next" (func $advance (param $source i32) (param $result i32)))
;;; unless #next
  (import "framebox:video/media@0.1.0" "[resource-drop]frame" (func $drop-frame (param i32)))
;;; always
  (import "framebox:video/media@0.1.0" "[resource-drop]output" (func $drop-output (param i32)))
;;; always
  ;; 0..1024 is never written: at 16 there is an `ok`. From 1024 on, results of host calls. From 2048 on, memory of the case itself.
  (memory (export "memory") 2)
  (global $heap (mut i32) (i32.const 65536))
  ;; Drops the handles lent for the call, as it must before it returns, and frees all allocations.
;;; unless #next
  (func $return (param $frame i32) (param $output i32) (result i32)
    (call $drop-frame (local.get $frame))
    (call $drop-output (local.get $output))
    (global.set $heap (i32.const 65536))
    (i32.const 16))
;;; if #next
  (func $return (param $output i32) (result i32)
    (call $drop-output (local.get $output))
    (global.set $heap (i32.const 65536))
    (i32.const 16))
;;; unless cabi_realloc
  (func (export "cabi_realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32) (local $missing i32)
    (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 15)) (i32.const -16)))
    (global.set $heap (i32.add (local.get $at) (local.get $size)))
    (local.set $missing
      (i32.sub (i32.shr_u (i32.add (global.get $heap) (i32.const 65535)) (i32.const 16)) (memory.size)))
    (if (i32.gt_s (local.get $missing) (i32.const 0))
      (then (if (i32.lt_s (memory.grow (local.get $missing)) (i32.const 0)) (then (unreachable)))))
    (if (local.get $old) (then (memory.copy (local.get $at) (local.get $old) (local.get $old-size))))
    (local.get $at))
;;; unless #describe
  (data (i32.const 1500) "Case")
  (data (i32.const 1600) "\dc\05\00\00\04\00\00\00" "\dc\05\00\00\04\00\00\00")
  (func (export "framebox:video/lifecycle@0.1.0#describe") (result i32) (i32.const 1600))
;;; unless #init
  (func (export "framebox:video/lifecycle@0.1.0#init") (param i32 i32) (result i32) (i32.const 16))
;;; unless #configure
  (func (export "framebox:video/lifecycle@0.1.0#configure") (param i32 i32) (result i32) (i32.const 16))
;;; unless #close
  (func (export "framebox:video/lifecycle@0.1.0#close"))
