#!/bin/sh
# Tests the code for pixels natively, without WebAssembly.
set -eu
cd "$(dirname "$0")"
exec node --test test.js
