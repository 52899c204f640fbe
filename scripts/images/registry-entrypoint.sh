#!/bin/sh
# As in the public image: accepts a configuration file or a subcommand without `registry serve` before it.
set -e
case "$1" in
  *.yaml | *.yml) set -- registry serve "$@" ;;
  serve | garbage-collect | help | -*) set -- registry "$@" ;;
esac
exec "$@"
