#!/bin/sh
# Builds build/{{name}}.wasm.
set -eu
cd "$(dirname "$0")"
want=1.35.0

# A jco of that version is taken from the PATH; where there is none, npm puts what package.json names into node_modules.
PATH=$PWD/node_modules/.bin:$PATH
have() { jco --version 2>/dev/null | grep -qw "$want"; }
if ! have; then
  echo "getting jco $want" >&2
  npm install --no-audit --no-fund --loglevel=error || {
    echo "This needs Node.js 20 or later with npm (https://nodejs.org) and npm's registry." >&2
    exit 1
  }
fi

mkdir -p build
# QuickJS is small, and starts in no time. Handlers are plain functions, so none of it has to be asynchronous.
jco componentize handler.js --bundle --wit wit --world-name {{world}} \
  --backend quickjs --backend-qjs-disable-async --out "build/{{name}}.wasm"
# What was lent for a call is given back within it.
node settle.mjs "build/{{name}}.wasm"
