#!/bin/sh
# As in the public image: a configuration file or a subcommand may be given without `registry serve` before it.
set -e
case "$1" in
  *.yaml | *.yml) set -- registry serve "$@" ;;
  serve | garbage-collect | help | -*) set -- registry "$@" ;;
esac
exec "$@"
