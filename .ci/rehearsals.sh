#!/usr/bin/env bash
# The rehearsal of a deployment in both runtimes, one after the other. Ends with the first that fails.
set -euo pipefail
echo "== rehearsal without containers"
RUNTIME=embedded make rehearse-stg
echo "== rehearsal in containers"
make rehearse-stg
