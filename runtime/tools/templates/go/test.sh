#!/bin/sh
# Tests what the handler does to pixels, outside of any component.
set -eu
cd "$(dirname "$0")"
. ./tools.sh

go test ./effect
