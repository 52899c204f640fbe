#!/usr/bin/env bash
# Prints the name of the image to build on or to run: the public one if the engine has or can pull it, otherwise the local
# stand-in from base.sh or lambda.sh. Only the name goes to standard output.
#   choose.sh python:3.13-slim-trixie | public.ecr.aws/lambda/python:3.13 | registry:2.8.3
#   IMAGE_SOURCE   auto (default), public: fail instead of using a stand-in, local: do not contact a registry
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
registry_deadline=60 pull_deadline=900 # seconds: until the registry answers, and for the whole download
source=${IMAGE_SOURCE:-auto}
public=${1:-}

say() { printf '▸ %s\n' "$*" >&2; }
fail() { printf '\nerror: %s\nnext:  %s\n' "$1" "$2" >&2; exit 1; }

case $public in
  registry:* | */registry:*) stand_in=(base.sh registry) ;;
  */lambda/python:*) stand_in=(lambda.sh) ;;
  python:* | */python:*) stand_in=(base.sh python) ;;
  *) fail "there is no stand-in for the image '$public'" "name a python or a registry image with its tag" ;;
esac
case $source in auto | public | local) ;; *) fail "IMAGE_SOURCE is '$source'" "set it to auto, public or local" ;; esac
docker version >/dev/null 2>&1 || fail "no Docker engine answers" "start it, then run it again"

# The engine pulls, because only it knows its mirrors, proxy and credentials. An unreachable registry is given up after
# registry_deadline; one that answers gets enough time for a download.
pull() {
  local now
  log=$(mktemp)
  docker pull "$public" >"$log" 2>&1 &
  pid=$!
  trap 'kill "$pid" 2>/dev/null || true; rm -f "$log"' EXIT
  while kill -0 "$pid" 2>/dev/null; do
    now=$SECONDS
    if [ "$now" -ge "$pull_deadline" ]; then return 1; fi
    if [ "$now" -ge "$registry_deadline" ] && ! grep -qE 'Pulling from|Getting image|Copying' "$log"; then return 1; fi
    sleep 0.2
  done
  wait "$pid"
}

if docker image inspect "$public" >/dev/null 2>&1; then
  [ "$source" = local ] || { echo "$public"; exit 0; }
elif [ "$source" != local ]; then
  say "pulling $public …"
  if pull; then echo "$public"; exit 0; fi
  reason=$(tail -n 1 "$log")
  say "$public cannot be pulled: ${reason:-the registry did not answer within $registry_deadline s}"
  [ "$source" = auto ] || fail "$public is not here and cannot be pulled" "check the network, or set IMAGE_SOURCE=auto"
fi
name=$("$here/${stand_in[0]}" "${stand_in[@]:1}")
say "using $name instead of $public"
case $public in
  python:3.13* | */python:3.13* | *registry:*) ;;
  *) say "its Python is 3.13: what needs the version of $public fails or differs" ;;
esac
echo "$name"
