#!/usr/bin/env bash
# The step of action.yml: installs the emulator beside the job's own packages, starts it, and tells the next steps where it is.
#   SOURCE     the folder of the distribution
#   PORT       port on the loopback address
#   SETTINGS   settings, one NAME=value per line
#   REGION     the next steps' region
set -euo pipefail
fail() { printf '::error::%s\n' "$1"; exit 1; }

python=$(command -v python3.13 || command -v python3) || fail "Python is missing: use actions/setup-python with 3.13 first"
"$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' ||
  fail "the emulator needs Python 3.13, not $("$python" --version): use actions/setup-python with 3.13 first"
settings=()
while IFS= read -r line; do
  [ -n "${line// /}" ] || continue
  [[ $line =~ ^[A-Z][A-Z_]*= ]] || fail "settings: '$line' is not NAME=value"
  settings+=("$line")
done <<<"$SETTINGS"

venv=$RUNNER_TEMP/pipeline-emulator
"$python" -m venv --clear "$venv"
pip=("$venv/bin/python" -m pip --disable-pip-version-check)
"${pip[@]}" install --quiet --require-hashes -r "$SOURCE/../scripts/requirements-uv.txt" # ten times faster than pip
uv=("$venv/bin/uv" pip)
"${uv[@]}" install --quiet --python "$venv/bin/python" --no-deps --require-hashes -r "$SOURCE/requirements.txt"
"${uv[@]}" install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation "$SOURCE"
"$venv/bin/pipeline-emulator" lambda-runtime
env "${settings[@]}" "$venv/bin/pipeline-emulator" start --detach --port "$PORT"

url=http://127.0.0.1:$PORT
echo "endpoint-url=$url" >>"$GITHUB_OUTPUT"
cat >>"$GITHUB_ENV" <<E
AWS_ENDPOINT_URL=$url
AWS_ACCESS_KEY_ID=test
AWS_SECRET_ACCESS_KEY=test
AWS_REGION=$REGION
AWS_DEFAULT_REGION=$REGION
E
echo "$venv/bin" >>"$GITHUB_PATH"
