#!/usr/bin/env bash
# Makes .venv (Python 3.13, hash-checked dependencies) for everything behind the Makefile.
# Does nothing if the environment already matches the lock file. The rest of the setup is in Python: harness/setup/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=.venv
stamp=$venv/.lock-hash
lock=requirements.txt

fail() { printf '\nerror: %s\nnext:  %s\n' "$1" "$2" >&2; exit 1; }

# The newest 3.13 that pyenv has installed, whichever version it has selected. The checkout has no .python-version,
# because that would hide programs such as aws that the user has installed under another version.
pyenv_python() {
  local root=${PYENV_ROOT:-$(pyenv root 2>/dev/null || echo "$HOME/.pyenv")}
  printf '%s\n' "$root"/versions/3.13*/bin/python3.13 | sort -V | tail -n 1
}

find_python() {
  local candidate
  for candidate in "${PYTHON:-}" python3.13 python3 python "$(pyenv_python)"; do
    if [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}

hash_of() { cksum "$@" | cksum | tr -d ' '; }

wanted="$(hash_of "$lock" scripts/bootstrap.sh scripts/requirements-uv.txt {.,scripts,service}/pyproject.toml) $PWD" # programs in it hold absolute paths
if [ -x "$venv/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then exit 0; fi

mkdir -p .cache
exec 9>.cache/bootstrap.lock
if command -v flock >/dev/null; then flock -w 600 9 || fail "another setup of this checkout is still running" "wait for it, then run the command again"; fi
if [ -x "$venv/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then exit 0; fi

python=$(find_python) || fail "Python 3.13 was not found" \
  "install it (for example: pyenv install 3.13, or your system's python3.13 and python3.13-venv) or name it: make PYTHON=/path/to/python3.13"

start=$SECONDS
printf '▸ Python environment (.venv) …\n' >&2
rm -f "$stamp"
log=.cache/bootstrap.log
: >"$log"
"$python" -m venv --clear "$venv" >>"$log" 2>&1 || { tail -n 5 "$log" >&2; fail "the virtual environment could not be created" "install Python's venv module (Debian: python3-venv); the whole log: $log"; }
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r scripts/requirements-uv.txt >>"$log" 2>&1 ||
  { tail -n 5 "$log" >&2; fail "pip could not install the installer (uv)" "check the network and pip's settings (proxy, index); the whole log: $log"; }
"$venv/bin/uv" pip sync --quiet --require-hashes --python "$venv/bin/python" "$lock" >>"$log" 2>&1 ||
  { tail -n 5 "$log" >&2; fail "the locked dependencies could not be installed" "check the network and the package index settings, then run the command again; the whole log: $log"; }
"$venv/bin/uv" pip install --quiet --no-deps --no-build-isolation --python "$venv/bin/python" -e . -e scripts -e service >>"$log" 2>&1 ||
  { tail -n 5 "$log" >&2; fail "this checkout's own packages could not be installed" "read the whole log: $log"; }
printf '%s' "$wanted" >"$stamp"
printf '  done in %s s\n' "$((SECONDS - start))" >&2
