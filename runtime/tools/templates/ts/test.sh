#!/bin/sh
# Tests the code for pixels natively, without WebAssembly.
set -eu
cd "$(dirname "$0")"
. ./tools.sh

tsc --noEmitOnError --strict --target es2022 --module nodenext --outDir build/test src/effect.ts
echo '{ "type": "module" }' >build/test/package.json
exec node --test test.js
