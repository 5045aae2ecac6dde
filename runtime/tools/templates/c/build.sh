#!/bin/sh
# Builds build/{{name}}.wasm.
set -eu
cd "$(dirname "$0")"
. ./tools.sh

mkdir -p build
# A reactor has no main function: the host calls its exports.
$CC -std=c17 -O3 -msimd128 -mbulk-memory -Wall -Wextra -DFB_{{KIND}} -I . -mexec-model=reactor -s \
  -o build/core.wasm handler.c effect.c framebox.c bindings/bindings.c
# The WIT describes the imports and exports of the core module.
wasm-tools component embed wit build/core.wasm --world {{world}} --output build/embedded.wasm
wasm-tools component new build/embedded.wasm --output "build/{{name}}.wasm"
rm build/core.wasm build/embedded.wasm
