#!/bin/sh
# Tests the code for pixels natively, without WebAssembly.
set -eu
cd "$(dirname "$0")"
. ./tools.sh

mkdir -p build
$HOST_CC -std=c17 -g -Wall -Wextra -o build/test test.c effect.c
exec build/test
