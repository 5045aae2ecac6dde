// Patches a component of componentize-qjs so that it drops borrowed handles before a call for a frame returns, as the
// component model requires (Canonical ABI, `canon_lift`: a task that returns has no borrows). Up to 0.4.5 it drops them in
// the post-return function, which is too late: the host traps. The patch wraps the call: it copies the result, calls the
// post-return function at once, and returns the copy; the host has no post-return function left to call.
//
//   node settle.mjs handler.wasm        needs jco on the PATH
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';

/** Flattened parameters of the calls for a frame. Each returns `result<_, stop>`: 16 bytes and possibly a string. */
const calls = { process: 'i32 i32 i32 i64', next: 'i64 i32 i32 i64', consume: 'i32 i32 i32 i64' };

const settle = (params) => `
    (core module $settle
      (import "its" "memory" (memory 1))
      (import "its" "realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
      (import "its" "call" (func $call (param ${params}) (result i32)))
      (import "its" "done" (func $done (param i32)))
      (global $at (mut i32) (i32.const 0))
      (global $size (mut i32) (i32.const 0))
      (func (export "call") (param ${params}) (result i32) (local $result i32) (local $wanted i32)
        (local.set $result (call $call (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
        (local.set $wanted (i32.const 16))
        (if (i32.load8_u (local.get $result))
          (then (local.set $wanted (i32.add (i32.const 16) (i32.load offset=12 (local.get $result))))))
        (if (i32.gt_u (local.get $wanted) (global.get $size))
          (then
            (global.set $at (call $realloc (global.get $at) (global.get $size) (i32.const 4) (local.get $wanted)))
            (global.set $size (local.get $wanted))))
        (memory.copy (global.get $at) (local.get $result) (i32.const 16))
        (if (i32.gt_u (local.get $wanted) (i32.const 16))
          (then
            (memory.copy (i32.add (global.get $at) (i32.const 16)) (i32.load offset=8 (local.get $result))
              (i32.load offset=12 (local.get $result)))
            (i32.store offset=8 (global.get $at) (i32.add (global.get $at) (i32.const 16)))))
        (call $done (local.get $result))
        (global.get $at)))`;

const [, , file] = process.argv;
const wat = `${file}.wat`;
execFileSync('jco', ['print', file, '-o', wat]);
const text = readFileSync(wat, 'utf8');
rmSync(wat);
const name = String.raw`\$(?:"[^"]*"|[^\s()]+)`;
// An export of the component that takes strings, and so names its allocator.
const realloc = text.match(
  new RegExp(String.raw`canon lift \(core func \$framebox:video/lifecycle@[^)]*#init\) .*\(realloc (${name})\)`),
);
const lift = new RegExp(
  String.raw`^( *\(func ${name}.*\(canon lift )\(core func (\$framebox:video/\w+@[^)]*#(process|next|consume))\)` +
    String.raw`( \(memory (${name})\).*) \(post-return (${name})\)\)\)$`,
  'm',
);
const found = text.match(lift);
if (!realloc || !found) {
  console.error(`${file}: has no call for a frame as componentize-qjs generates it; nothing was changed`);
  process.exit(1);
}
const [line, head, call, short, rest, memory, done] = found;
const settled = `${settle(calls[short])}
    (core instance $settled (instantiate $settle (with "its" (instance
      (export "memory" (memory ${memory}))
      (export "realloc" (func ${realloc[1]}))
      (export "call" (func ${call}))
      (export "done" (func ${done}))))))
    (alias core export $settled "call" (core func $settled-call))
${head}(core func $settled-call)${rest}))`;
writeFileSync(wat, text.replace(line, () => settled));
execFileSync('jco', ['parse', wat, '-o', file]);
rmSync(wat);
