#!/bin/sh
# Tests what the handler does to pixels, outside of any component.
set -eu
cd "$(dirname "$0")"
exec python3 -B test.py
