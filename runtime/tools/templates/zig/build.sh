#!/bin/sh
# Builds build/{{name}}.wasm.
set -eu
cd "$(dirname "$0")"
. ./tools.sh

mkdir -p build
"$zig" build-exe handler.zig -target wasm32-freestanding -mcpu=generic+simd128+bulk_memory -O ReleaseFast \
  -fno-entry -rdynamic -fstrip --cache-dir build/cache -femit-bin=build/core.wasm
# The WIT describes the imports and exports of the core module.
wasm-tools component embed wit build/core.wasm --world {{world}} --output build/embedded.wasm
wasm-tools component new build/embedded.wasm --output "build/{{name}}.wasm"
rm build/core.wasm build/embedded.wasm
