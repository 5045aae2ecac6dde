#!/bin/sh
# Tests the code for pixels natively, without WebAssembly.
set -eu
cd "$(dirname "$0")"
. ./tools.sh

exec "$zig" test effect.zig --cache-dir build/cache
