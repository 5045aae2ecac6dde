# Read by build.sh and test.sh: puts jco and tsc on the PATH.
want_jco=1.35.0
want_tsc=5.9.3

# Tools of those versions are used from the PATH; otherwise npm installs the versions of package.json into node_modules.
PATH=$PWD/node_modules/.bin:$PATH
have() { jco --version 2>/dev/null | grep -qw "$want_jco" && tsc --version 2>/dev/null | grep -qw "$want_tsc"; }
if ! have; then
  echo "installing jco $want_jco and TypeScript $want_tsc" >&2
  npm install --no-audit --no-fund --loglevel=error || {
    echo "This needs Node.js 20 or later with npm (https://nodejs.org) and npm's registry." >&2
    exit 1
  }
fi
