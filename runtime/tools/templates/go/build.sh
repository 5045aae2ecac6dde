#!/bin/sh
# Builds build/{{name}}.wasm.
set -eu
cd "$(dirname "$0")"
. ./tools.sh

mkdir -p build
# A library for the host to call. The exports name functions of Go's runtime that are not public.
GOOS=wasip1 GOARCH=wasm go build -trimpath -buildmode=c-shared -ldflags="-checklinkname=0 -s -w" -o build/core.wasm .
# What the core module imports and exports is told by the WIT; of WASI, Go knows preview 1 only, which is made 0.2.
wasm-tools component embed wit build/core.wasm --world {{world}} --output build/embedded.wasm
wasm-tools component new build/embedded.wasm --adapt framebox/wasi_snapshot_preview1.reactor.wasm --output "build/{{name}}.wasm"
rm build/core.wasm build/embedded.wasm
