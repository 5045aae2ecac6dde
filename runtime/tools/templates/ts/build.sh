#!/bin/sh
# Builds build/{{name}}.wasm.
set -eu
cd "$(dirname "$0")"
. ./tools.sh

mkdir -p build
# Generates the types of the interface from the WIT, and checks the program against them.
rm -rf build/types build/js
jco guest-types wit --world-name {{world}} --out-dir build/types >/dev/null
tsc
# QuickJS is small and starts quickly. Handlers are synchronous functions.
jco componentize "$PWD/build/js/handler.js" --bundle --wit wit --world-name {{world}} \
  --backend quickjs --backend-qjs-disable-async --out "build/{{name}}.wasm"
# Makes the component drop borrowed handles before a call returns.
node settle.mjs "build/{{name}}.wasm"
