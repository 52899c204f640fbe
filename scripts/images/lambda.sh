#!/usr/bin/env bash
# Makes a local stand-in for AWS's base image public.ecr.aws/lambda/python:3.13, for machines without access to a registry:
# a Debian with the same Python, entry point, folders and variables, pip, and the managed runtime's packages.
# Prints the image's name. Keeps an image whose inputs have not changed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
emulator=$here/../../emulator # its functions from Zips find the same packages, by the same search path
runtime=$emulator/lambda-runtime.txt
bootstrap=$emulator/pipeline_emulator/lambda_runtime/runtimes/client/bootstrap.py
image=store-sales/lambda-python:3.13
label=store-sales.inputs

base=$("$here/base.sh" lambda)
inputs=$({ docker image inspect --format '{{.Id}}' "$base" && cat "$here"/lambda.sh "$here"/lambda/* "$runtime" "$bootstrap"; } | sha256sum | cut -d' ' -f1)
existing=$(docker image inspect --format "{{index .Config.Labels \"$label\"}}" "$image" 2>/dev/null || true)
if [ "$existing" != "$inputs" ]; then
  work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
  cp "$here"/lambda/* "$runtime" "$bootstrap" "$work"
  options=(--build-arg "BASE_IMAGE=$base" --label "$label=$inputs" --tag "$image")
  for variable in PIP_INDEX_URL PIP_EXTRA_INDEX_URL; do
    [ -z "${!variable:-}" ] || options+=(--build-arg "$variable=${!variable}")
  done
  printf '▸ making %s from %s\n' "$image" "$base" >&2
  if ! timeout 900 docker build "${options[@]}" "$work" >"$work/log" 2>&1; then
    tail -n 15 "$work/log" >&2
    printf '\nerror: %s cannot be made\nnext:  check the network; PIP_INDEX_URL selects a package index\n' "$image" >&2
    exit 1
  fi
fi
echo "$image"
