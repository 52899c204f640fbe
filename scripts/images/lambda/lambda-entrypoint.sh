#!/bin/sh
# As in AWS's image: the handler is the only argument. AWS's starts an emulator of the runtime API where there is none;
# that one is not here.
if [ $# -ne 1 ]; then
  echo "entrypoint requires the handler name to be the first argument" >&2
  exit 142
fi
export _HANDLER="$1"
if [ -z "${AWS_LAMBDA_RUNTIME_API:-}" ]; then
  echo "error: AWS_LAMBDA_RUNTIME_API is not set, and this stand-in has no runtime interface emulator" >&2
  echo "next:  create a function from the image, or use AWS's own base image" >&2
  exit 1
fi
exec /var/runtime/bootstrap
