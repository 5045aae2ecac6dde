#!/bin/sh
# Builds build/{{name}}.wasm.
set -eu
cd "$(dirname "$0")"
. ./tools.sh

mkdir -p build
# The bindings use private functions of Go's runtime, hence -checklinkname=0.
GOOS=wasip1 GOARCH=wasm go build -trimpath -buildmode=c-shared -ldflags="-checklinkname=0 -s -w" -o build/core.wasm .
# Adds the WIT, and an adapter: Go supports only preview 1 of WASI.
wasm-tools component embed wit build/core.wasm --world {{world}} --output build/embedded.wasm
wasm-tools component new build/embedded.wasm --adapt framebox/wasi_snapshot_preview1.reactor.wasm --output "build/{{name}}.wasm"
rm build/core.wasm build/embedded.wasm
