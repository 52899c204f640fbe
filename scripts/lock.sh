#!/usr/bin/env bash
# Resolves all dependencies again and writes the lock files: hashes of every platform's files, no URLs, no index names.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
uv=$PWD/.venv/bin/uv

# compile FOLDER SOURCE LOCK [more arguments]: runs in the folder, because uv reads its settings ([tool.uv]) there.
compile() {
  printf '▸ %s/%s\n' "$1" "$3" >&2
  (cd "$1" && "$uv" pip compile --quiet --universal --python-version 3.13 --generate-hashes --no-emit-index-url \
    --no-header --no-annotate "$2" --output-file "$3" "${@:4}")
}

pins=$(mktemp) && trap 'rm -f "$pins"' EXIT
# pins LOCK…: makes the versions in these lock files constraints for the next compile.
pins() { sed -nE 's/^([a-z][^ ]*==[^ ]+).*/\1/p' "$@" >"$pins"; }

# Tests compare answers with the model's own, so numpy and ONNX Runtime must be the function's versions.
compile service requirements.in requirements.txt
pins service/requirements.txt scripts/requirements-uv.txt
compile . pyproject.toml requirements.txt scripts/pyproject.toml service/pyproject.toml --constraint "$pins"
compile emulator lambda-runtime.in lambda-runtime.txt
# The image has the Zip's versions, and the tracking server those with which training logs.
pins service/requirements.txt emulator/lambda-runtime.txt
compile service requirements-image.in requirements-image.txt --constraint "$pins"
pins requirements.txt
compile scripts/images/mlflow requirements.in requirements.txt --constraint "$pins"
compile benchmarks/rivals/locks ministack.in ministack.txt
compile benchmarks/rivals/locks localemu.in localemu.txt --no-universal --python-platform linux # no solution for Python 3.14
compile emulator kinesis-clients.in kinesis-clients.txt
compile docs/site requirements.in requirements.txt
compile infrastructure/policies requirements.in requirements.txt
compile emulator pyproject.toml requirements.txt --extra build
# Additions for its tests: the emulator's versions of shared packages, and the test tools of .venv.
pins emulator/requirements.txt
grep -E '^(debugpy|hypothesis|mypy|pytest|types-psutil)[^ ]*==' requirements.txt | sed -E 's/ .*//' >>"$pins"
compile benchmarks/peers localstack.in localstack.txt
compile emulator --group=test requirements-test.txt --constraint "$pins"
kinesis=benchmarks/rivals/core_kinesis # the Kinesis server of LocalStack core, which `make bench` can measure
printf '▸ %s/package-lock.json\n' "$kinesis" >&2
if command -v npm >/dev/null; then
  npm install --package-lock-only --no-audit --no-fund --silent --prefix "$kinesis"
else
  printf '  npm is not here: left as it is\n' >&2
fi
