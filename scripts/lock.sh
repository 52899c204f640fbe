#!/usr/bin/env bash
# Resolves all dependencies anew and writes the lock files: hashes of every platform's files, no URLs, no index names.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
uv=$PWD/.venv/bin/uv

# compile FOLDER SOURCE LOCK [further arguments]: in the folder, since uv reads its settings ([tool.uv]) there.
compile() {
  printf '▸ %s/%s\n' "$1" "$3" >&2
  (cd "$1" && "$uv" pip compile --quiet --universal --python-version 3.13 --generate-hashes --no-emit-index-url \
    --no-header --no-annotate "$2" --output-file "$3" "${@:4}")
}

pins=$(mktemp) && trap 'rm -f "$pins"' EXIT
# pins LOCK…: the versions of these lock files become constraints of what is compiled next.
pins() { sed -nE 's/^([a-z][^ ]*==[^ ]+).*/\1/p' "$@" >"$pins"; }

# The model's own answers are compared offline: numpy and ONNX Runtime must be those of the function.
compile service requirements.in requirements.txt
pins service/requirements.txt scripts/requirements-uv.txt
compile . pyproject.toml requirements.txt scripts/pyproject.toml service/pyproject.toml --constraint "$pins"
compile emulator lambda-runtime.in lambda-runtime.txt
# The image runs what the Zip runs, and the tracking server what training logs with.
pins service/requirements.txt emulator/lambda-runtime.txt
compile service requirements-image.in requirements-image.txt --constraint "$pins"
pins requirements.txt
compile scripts/images/mlflow requirements.in requirements.txt --constraint "$pins"
compile benchmarks/rivals/locks ministack.in ministack.txt
compile benchmarks/rivals/locks localemu.in localemu.txt --no-universal --python-platform linux # no solution for Python 3.14
compile emulator kinesis-clients.in kinesis-clients.txt
compile infrastructure/policies requirements.in requirements.txt
compile emulator pyproject.toml requirements.txt --extra build
# What its tests need besides: the emulator's own versions of what both use, and the test tools of .venv.
pins emulator/requirements.txt
grep -E '^(hypothesis|mypy|pytest|types-psutil)[^ ]*==' requirements.txt | sed -E 's/ .*//' >>"$pins"
compile emulator --group=test requirements-test.txt --constraint "$pins"
kinesis=benchmarks/rivals/core_kinesis # of stock core, which `make bench` can measure
printf '▸ %s/package-lock.json\n' "$kinesis" >&2
if command -v npm >/dev/null; then
  npm install --package-lock-only --no-audit --no-fund --silent --prefix "$kinesis"
else
  printf '  npm is not here: left as it is\n' >&2
fi
