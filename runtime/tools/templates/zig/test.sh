#!/bin/sh
# Tests what the handler does to pixels, outside of any component.
set -eu
cd "$(dirname "$0")"
. ./tools.sh

exec "$zig" test effect.zig --cache-dir build/cache
