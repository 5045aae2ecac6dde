#!/bin/sh
# Builds build/{{name}}.wasm.
set -eu
cd "$(dirname "$0")"
. ./tools.sh

mkdir -p build
# A component has no main function: a reactor is called when there is something to do.
$CC -std=c17 -O3 -msimd128 -mbulk-memory -Wall -Wextra -DFB_{{KIND}} -I . -mexec-model=reactor -s \
  -o build/core.wasm handler.c effect.c framebox.c bindings/bindings.c
# What the core module imports and exports is told by the WIT.
wasm-tools component embed wit build/core.wasm --world {{world}} --output build/embedded.wasm
wasm-tools component new build/embedded.wasm --output "build/{{name}}.wasm"
rm build/core.wasm build/embedded.wasm
