#!/usr/bin/env bash
# Resolves all dependencies anew and writes the lock files: hashes of every platform's files, no URLs, no index names.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

compile() {
  printf '▸ %s\n' "$2" >&2
  .venv/bin/uv pip compile --quiet --universal --python-version 3.13 --generate-hashes --no-emit-index-url --no-header \
    --no-annotate "$@" 
}

uv_version=$(sed -nE 's/^uv==([^ ]+).*/\1/p' scripts/requirements-uv.txt)
compile service/requirements.in --output-file service/requirements.txt
# The model's own answers are compared offline: the same numpy and ONNX Runtime as in the function.
compile pyproject.toml --output-file requirements.txt --constraint <(grep -E '^[a-z].*==' service/requirements.txt | sed 's/ *\\$//; s/ *;.*//') --constraint <(printf 'uv==%s\n' "$uv_version")
compile infrastructure/emulator/lambda-runtime.in --output-file infrastructure/emulator/lambda-runtime.txt
compile infrastructure/emulator/pyproject.toml --extra build --output-file infrastructure/emulator/requirements.txt
npm install --package-lock-only --no-audit --no-fund --prefix infrastructure/emulator
