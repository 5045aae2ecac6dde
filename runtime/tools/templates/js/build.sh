#!/bin/sh
# Builds build/{{name}}.wasm.
set -eu
cd "$(dirname "$0")"
want=1.35.0

# jco of that version is used from the PATH; otherwise npm installs the versions of package.json into node_modules.
PATH=$PWD/node_modules/.bin:$PATH
have() { jco --version 2>/dev/null | grep -qw "$want"; }
if ! have; then
  echo "installing jco $want" >&2
  npm install --no-audit --no-fund --loglevel=error || {
    echo "This needs Node.js 20 or later with npm (https://nodejs.org) and npm's registry." >&2
    exit 1
  }
fi

mkdir -p build
# QuickJS is small and starts quickly. Handlers are synchronous functions.
jco componentize handler.js --bundle --wit wit --world-name {{world}} \
  --backend quickjs --backend-qjs-disable-async --out "build/{{name}}.wasm"
# Makes the component drop borrowed handles before a call returns.
node settle.mjs "build/{{name}}.wasm"
