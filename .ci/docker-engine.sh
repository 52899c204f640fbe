#!/usr/bin/env bash
# Makes `docker`, `docker compose` and `docker buildx` work on a bare Debian or Ubuntu machine, from Debian packages only.
# Fast if they already work; safe to repeat, and to run concurrently.
#   DOCKERD_LOG   log of a daemon started by this script (default /var/log/dockerd.log)
set -euo pipefail

log=${DOCKERD_LOG:-/var/log/dockerd.log}
plugins=/usr/local/lib/docker/cli-plugins
export DEBIAN_FRONTEND=noninteractive

say() { printf '▸ %s\n' "$*" >&2; }
fail() { printf '\nerror: %s\nnext:  %s\n' "$1" "$2" >&2; exit 1; }
engine_answers() { timeout 10 docker version >/dev/null 2>&1; }
plugin_works() { timeout 20 docker "$1" version >/dev/null 2>&1; }
has_mmdebstrap() { command -v mmdebstrap >/dev/null || command -v debootstrap >/dev/null; }
all_works() { engine_answers && plugin_works compose && plugin_works buildx && has_mmdebstrap; }

all_works && exit 0
[ "$(id -u)" = 0 ] || fail "the Docker engine, compose or buildx is missing, and only root can install them" \
  "run this as root, or install them as your system's documentation says"
command -v apt-get >/dev/null || fail "this script installs Docker with apt-get, which is missing" \
  "install Docker, compose v2, buildx and mmdebstrap as your system's documentation says"
exec 9>/run/lock/store-sales-docker-engine.lock
flock -w 600 9 || fail "another run of this script did not finish within 600 s" "stop it, then try again"

updated=
install() {
  [ -n "$updated" ] || { timeout 300 apt-get update -qq; updated=1; }
  say "installing $* …"
  timeout 600 apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}
available() { apt-cache show "$1" >/dev/null 2>&1; }

# iptables is only recommended by docker.io, and dockerd does not start without it.
start_engine() {
  if ! command -v dockerd >/dev/null || ! command -v iptables >/dev/null; then install docker.io iptables; fi
  command -v docker >/dev/null || install docker-cli # a separate package since Debian 13
  engine_answers && return
  if [ -d /run/systemd/system ]; then
    systemctl start docker
  elif ! pidof dockerd >/dev/null; then
    say "starting dockerd (log: $log)"
    setsid dockerd >>"$log" 2>&1 </dev/null 9>&- &
  fi
  local deadline=$((SECONDS + 60))
  until engine_answers; do
    [ "$SECONDS" -lt "$deadline" ] || {
      tail -n 5 "$log" >&2 || true
      fail "dockerd did not answer within 60 s" "read $log (without systemd) or: journalctl -u docker"
    }
    sleep 0.5
  done
}

# Debian 12 has neither compose v2 nor buildx. In Debian 13's packages each is a single static program, which is extracted
# without adding Debian 13 to this machine's sources (with it, `apt-get upgrade` would mix the releases).
from_debian_13() {
  local work mirror keyring package deb found
  keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  # shellcheck disable=SC2016 # the names are apt's
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(ORIGIN)' 'Created-By: Packages' |
    awk '$2 !~ /-/ && $3 == "Debian" {print $1; exit}')
  [ -n "$mirror" ] && [ -e "$keyring" ] || fail "no compose v2 or buildx in this system's packages, and no Debian mirror in its sources" \
    "install the plugins as Docker's documentation says"
  work=$(mktemp -d)
  # shellcheck disable=SC2064 # the folder's name now, not when the trap runs
  trap "rm -rf '$work'" EXIT
  mkdir -p "$work"/{lists,cache,etc,debs} && : >"$work/status"
  chmod 755 "$work" && chmod 777 "$work/debs" # apt downloads as a separate user
  printf 'deb [signed-by=%s] %s trixie main\n' "$keyring" "$mirror" >"$work/etc/sources.list"
  local apt=(timeout 300 apt-get -qq -o "Dir::Etc::sourcelist=$work/etc/sources.list" -o Dir::Etc::sourceparts=-
    -o "Dir::State::lists=$work/lists" -o "Dir::State::status=$work/status" -o "Dir::Cache=$work/cache"
    -o APT::Get::List-Cleanup=0)
  say "taking $* from Debian 13's packages …"
  "${apt[@]}" update
  (cd "$work/debs" && "${apt[@]}" download "$@")
  mkdir -p "$plugins"
  for package in "$@"; do
    deb=$(echo "$work/debs/${package}"_*.deb)
    dpkg-deb -x "$deb" "$work/$package"
    found=$(find "$work/$package" -type f -path "*/cli-plugins/$package")
    [ -n "$found" ] || fail "$(basename "$deb") does not contain the plugin $package" "install the plugin as Docker's documentation says"
    install_file "$found" "$plugins/$package"
  done
}

# Rename into place, because a running program cannot be overwritten.
install_file() { cp "$1" "$2.new" && chmod 755 "$2.new" && mv "$2.new" "$2"; }

add_plugins() {
  local missing=()
  plugin_works compose || missing+=(docker-compose)
  plugin_works buildx || missing+=(docker-buildx)
  [ "${#missing[@]}" -gt 0 ] || return 0
  [ -n "$updated" ] || { timeout 300 apt-get update -qq; updated=1; }
  # Ubuntu's name first. Debian 13's docker-compose is v2; Debian 12's is v1, and there is no docker-buildx.
  if available docker-buildx; then
    local compose=docker-compose
    available docker-compose-v2 && compose=docker-compose-v2
    install "${missing[@]/#docker-compose/$compose}"
  else
    from_debian_13 "${missing[@]}"
  fi
}

if ! engine_answers; then start_engine; fi # not `||`, which would disable `set -e` in the function
add_plugins
has_mmdebstrap || install mmdebstrap
all_works || fail "docker, compose or buildx still does not work" "run: docker version; docker compose version; docker buildx version"
say "docker $(docker version --format '{{.Server.Version}}'), compose $(docker compose version --short), $(docker buildx version | cut -d' ' -f1,2) (in ${SECONDS} s)"
