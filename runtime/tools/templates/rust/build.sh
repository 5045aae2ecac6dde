#!/bin/sh
# Builds build/{{name}}.wasm.
set -eu
cd "$(dirname "$0")"

command -v cargo >/dev/null || {
  echo "This needs Rust 1.95 or later: https://rustup.rs" >&2
  exit 1
}
[ -d "$(rustc --print sysroot)/lib/rustlib/wasm32-wasip2" ] || rustup target add wasm32-wasip2 || {
  echo "This needs Rust's target wasm32-wasip2: rustup target add wasm32-wasip2" >&2
  exit 1
}

cargo build --quiet --release --target wasm32-wasip2
mkdir -p build
cp "${CARGO_TARGET_DIR:-target}/wasm32-wasip2/release/handler.wasm" "build/{{name}}.wasm"
