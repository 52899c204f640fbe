#!/usr/bin/env bash
# Makes a local stand-in for a public base image from Debian packages, for machines that reach no image registry.
#   base.sh python     store-sales/python:3.13-trixie   for python:3.13-slim and AWS's lambda/python:3.13
#   base.sh registry   store-sales/registry:2.8         for registry:2.8.3: same entry point, port and configuration path
# Prints the image's name. An image whose inputs did not change is kept.
#   CONTAINER_ENGINE   docker (default) or podman
#   DEBIAN_MIRROR      mirror of Debian's packages, if the bootstrap program's own default is out of reach
set -euo pipefail
shopt -s nullglob
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
engine=${CONTAINER_ENGINE:-docker}
suite=trixie # its Python is 3.13, as on AWS
bundle=etc/ssl/certs/ca-certificates.crt
label=store-sales.inputs

say() { printf '▸ %s\n' "$*" >&2; }
fail() { printf '\nerror: %s\nnext:  %s\n' "$1" "$2" >&2; exit 1; }

# packages TAR VARIANT PACKAGE…: the root file system of a minimal Debian with these packages, as a tar file.
packages() {
  local tar=$1 variant=$2 option root options=()
  shift 2
  for option in doc man info locale lintian bug; do options+=("--dpkgopt=path-exclude=/usr/share/$option/*"); done
  say "downloading and unpacking Debian packages: $*"
  if command -v mmdebstrap >/dev/null; then
    timeout 900 mmdebstrap --quiet --variant="$variant" "${options[@]}" --include="$(IFS=, && echo "$*")" \
      "$suite" "$tar" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} >"$work/log" 2>&1 || bootstrap_failed mmdebstrap
  elif command -v debootstrap >/dev/null && [ "$(id -u)" = 0 ]; then
    root=$work/root
    timeout 900 debootstrap --variant=minbase --include="$(IFS=, && echo "$*")" \
      "$suite" "$root" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} >"$work/log" 2>&1 || bootstrap_failed debootstrap
    rm -rf "$root"/usr/share/{doc,man,info,locale,lintian,bug}/* "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
    tar -C "$root" --one-file-system -cf "$tar" .
  else
    fail "neither mmdebstrap nor (as root) debootstrap is here to make $image from Debian packages" \
      "install mmdebstrap (Debian, Ubuntu: apt-get install mmdebstrap), or pull the public image"
  fi
}

bootstrap_failed() {
  tail -n 5 "$work/log" >&2
  fail "$1 could not make $image" "check the network; a mirror is named by DEBIAN_MIRROR"
}

# One certificate a line, so that bundles can be compared whatever their order.
certificates() { awk '/BEGIN CERT/ {c = ""} {c = c $0 "|"} /END CERT/ {print c}' "$@" | sort -u; }

# The certificates this machine trusts beyond Debian's go into the image: without them nothing in a container reaches a
# package index behind a proxy that has its own authority. The variables are for programs that bring their own bundle.
add_certificates() {
  local tar=$1 added=$work/added variable
  [ -r "/$bundle" ] || return 0
  mkdir -p "$work/certificates/$(dirname "$bundle")"
  tar -xOf "$tar" "./$bundle" >"$work/certificates/$bundle"
  comm -13 <(certificates "$work/certificates/$bundle") <(certificates "/$bundle") | tr '|' '\n' >"$added"
  [ -s "$added" ] || return 0
  say "adding $(grep -c 'BEGIN CERT' "$added") certificates that only this machine trusts"
  cat "$added" >>"$work/certificates/$bundle"
  tar --delete -f "$tar" "./$bundle" # the engine takes no path twice
  tar -rf "$tar" -C "$work/certificates" --owner=0 --group=0 --mode=0644 "./$bundle"
  for variable in SSL_CERT_FILE PIP_CERT REQUESTS_CA_BUNDLE; do
    changes+=(--change "ENV $variable=/$bundle")
  done
}

make_python() {
  # libstdc++6: ONNX Runtime needs it; in the public images it comes with the package manager, left out here.
  packages "$1" essential libstdc++6 python3 python3-venv python-is-python3 ca-certificates
  add_certificates "$1"
  # Python's own default without a locale is ASCII for file names on some systems; the public images set this too.
  changes+=(--change "ENV LANG=C.UTF-8" --change 'CMD ["python3"]')
}

# Debian's registry is one program that needs libc alone; busybox is the shell of the entry point and `wget` of health checks.
make_registry() {
  local root=$work/registry
  packages "$work/packages.tar" extract docker-registry busybox-static libc6
  mkdir -p "$root"/{etc,tmp,var/lib/registry}
  tar -C "$root" -xf "$work/packages.tar" --wildcards './usr/bin/docker-registry' './usr/bin/busybox' \
    './usr/lib*/ld-linux*' './usr/lib/*-linux-gnu*/lib*.so.*'
  mv "$root/usr/bin/docker-registry" "$root/usr/bin/registry"
  ln -s usr/bin "$root/bin" && ln -s usr/lib "$root/lib"
  [ ! -d "$root/usr/lib64" ] || ln -s usr/lib64 "$root/lib64"
  local applet
  for applet in sh wget cat ls; do ln -s busybox "$root/usr/bin/$applet"; done
  echo 'root:x:0:0:root:/:/bin/sh' >"$root/etc/passwd"
  install -D -m 644 "$here/registry.yml" "$root/etc/docker/registry/config.yml"
  install -m 755 "$here/registry-entrypoint.sh" "$root/entrypoint.sh"
  chmod 1777 "$root/tmp"
  tar -C "$root" --owner=0 --group=0 -cf "$1" .
  changes+=(--change 'ENTRYPOINT ["/entrypoint.sh"]' --change 'CMD ["/etc/docker/registry/config.yml"]'
    --change 'EXPOSE 5000' --change 'VOLUME ["/var/lib/registry"]')
}

case ${1:-} in
  python) image=store-sales/python:3.13-trixie ;;
  registry) image=store-sales/registry:2.8 ;;
  *) fail "which image: '${1:-}' is neither python nor registry" "run: scripts/images/base.sh python" ;;
esac

trusted=$(certificates "/$bundle" 2>/dev/null | sha256sum || true)
inputs=$(cat "$here"/base.sh "$here"/registry* - <<<"$1 $trusted" | sha256sum | cut -d' ' -f1)
existing=$("$engine" image inspect --format "{{.Id}} {{index .Config.Labels \"$label\"}}" "$image" 2>/dev/null || true)
if [ "${existing#* }" = "$inputs" ]; then
  echo "$image"
  exit 0
fi

work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
chmod 755 "$work" # the bootstrap program may run as another user
changes=(--change "LABEL $label=$inputs")
say "making $image from Debian packages, since this machine has no public image in its place"
"make_$1" "$work/image.tar"
"$engine" import "${changes[@]}" "$work/image.tar" "$image" >/dev/null
[ -z "$existing" ] || "$engine" image rm "${existing%% *}" >/dev/null 2>&1 || true # the one it replaces, unless in use
say "$image is ready (in $SECONDS s)"
echo "$image"
