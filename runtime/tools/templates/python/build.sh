#!/bin/sh
# Builds build/{{name}}.wasm.
set -eu
cd "$(dirname "$0")"
want=0.25.1

# componentize-py of that version is used from the PATH; otherwise it is installed into .venv.
PATH=$PWD/.venv/bin:$PATH
have() { componentize-py --version 2>/dev/null | grep -qw "$want"; }
if ! have; then
  echo "installing componentize-py $want" >&2
  python3 -m venv .venv && .venv/bin/pip install --quiet --disable-pip-version-check "componentize-py==$want" || {
    echo "This needs Python 3.10 or later with its module venv (Debian and Ubuntu: apt install python3-venv) and pypi.org," >&2
    echo "or componentize-py $want on the PATH (pipx install componentize-py==$want)." >&2
    exit 1
  }
fi

mkdir -p build
componentize-py --quiet --wit-path wit --world {{world}} componentize --output "build/{{name}}.wasm" handler
