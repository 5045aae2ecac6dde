#!/bin/sh
# Builds build/{{name}}.wasm.
set -eu
cd "$(dirname "$0")"
. ./tools.sh

mkdir -p build
# The types of the interface, out of the WIT; then the program, checked against them.
rm -rf build/types build/js
jco guest-types wit --world-name {{world}} --out-dir build/types >/dev/null
tsc
# QuickJS is small, and starts in no time. Handlers are plain functions, so none of it has to be asynchronous.
jco componentize "$PWD/build/js/handler.js" --bundle --wit wit --world-name {{world}} \
  --backend quickjs --backend-qjs-disable-async --out "build/{{name}}.wasm"
# What was lent for a call is given back within it.
node settle.mjs "build/{{name}}.wasm"
