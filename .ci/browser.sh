#!/usr/bin/env bash
# Makes Debian's Chromium available for the tests of the page (integration_tests/test_dashboard.py), from Debian packages
# only. Fast if a browser is there already; safe to repeat. Ubuntu's package is a stub for a snap, and its runners have
# Chrome.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive

fail() { printf '\nerror: %s\nnext:  %s\n' "$1" "$2" >&2; exit 1; }
for browser in chromium chromium-browser google-chrome; do
  command -v "$browser" >/dev/null && exit 0
done
[ "$(id -u)" = 0 ] || fail "no Chromium is installed, and only root can install it" "run this as root, or install Chromium"
command -v apt-get >/dev/null || fail "this script installs Chromium with apt-get, which is missing" "install Chromium"
exec 9>/run/lock/store-sales-browser.lock
flock -w 600 9 || fail "another run of this script did not finish within 600 s" "stop it, then try again"
command -v chromium >/dev/null && exit 0
printf '▸ installing chromium …\n' >&2
timeout 300 apt-get update -qq
timeout 600 apt-get install -qq -y --no-install-recommends chromium >/dev/null
chromium --version >/dev/null || fail "chromium was installed and does not start" "run: chromium --version"
