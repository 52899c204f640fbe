#!/usr/bin/env bash
# Makes a local stand-in for a public base image from Debian packages, for machines without access to a registry.
#   base.sh python     store-sales/python:3.13-trixie   for python:3.13-slim
#   base.sh lambda     store-sales/lambda-debian:trixie  what lambda.sh makes the stand-in for AWS's lambda/python:3.13 of
#   base.sh registry   store-sales/registry:2.8         for registry:2.8.3: same entry point, port and configuration path
# Prints the image's name. Keeps an image whose inputs have not changed.
#   DEBIAN_MIRROR   mirror of Debian's packages, if the bootstrap program's default is not reachable
set -euo pipefail
shopt -s nullglob
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
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
    fail "$image cannot be made from Debian packages: there is neither mmdebstrap nor (as root) debootstrap" \
      "install mmdebstrap (Debian, Ubuntu: apt-get install mmdebstrap), or pull the public image"
  fi
}

bootstrap_failed() {
  tail -n 5 "$work/log" >&2
  fail "$1 could not make $image" "check the network; DEBIAN_MIRROR selects a mirror"
}

# One certificate per line, so that bundles can be compared in any order.
certificates() { awk '/BEGIN CERT/ {c = ""} {c = c $0 "|"} /END CERT/ {print c}' "$@" | sort -u; }

# Adds the certificates that this machine trusts beyond Debian's: without them, nothing in a container reaches a package
# index behind a proxy with its own authority. The variables are for programs with their own bundle.
add_certificates() {
  local tar=$1 added=$work/added variable
  [ -r "/$bundle" ] || return 0
  mkdir -p "$work/certificates/$(dirname "$bundle")"
  tar -xOf "$tar" "./$bundle" >"$work/certificates/$bundle"
  comm -13 <(certificates "$work/certificates/$bundle") <(certificates "/$bundle") | tr '|' '\n' >"$added"
  [ -s "$added" ] || return 0
  say "adding $(grep -c 'BEGIN CERT' "$added") certificates that only this machine trusts"
  cat "$added" >>"$work/certificates/$bundle"
  tar --delete -f "$tar" "./$bundle" # the engine rejects duplicate paths
  tar -rf "$tar" -C "$work/certificates" --owner=0 --group=0 --mode=0644 "./$bundle"
  for variable in SSL_CERT_FILE PIP_CERT REQUESTS_CA_BUNDLE; do
    changes+=(--change "ENV $variable=/$bundle")
  done
}

make_python() {
  # libstdc++6: needed by ONNX Runtime; the public images have it through the package manager, which is left out here.
  packages "$1" essential "${@:2}" libstdc++6 python3 python3-venv python-is-python3 ca-certificates
  add_certificates "$1"
  # Python's own default without a locale is ASCII for file names on some systems; the public images set this too.
  changes+=(--change "ENV LANG=C.UTF-8" --change 'CMD ["python3"]')
}

make_lambda() { make_python "$1" apt; } # with a package manager, as AWS's image has one

# Debian's registry is one program that only needs libc; busybox is the entry point's shell and the health checks' `wget`.
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
  lambda) image=store-sales/lambda-debian:trixie ;;
  registry) image=store-sales/registry:2.8 ;;
  *) fail "which image: '${1:-}' is neither python, lambda nor registry" "run: scripts/images/base.sh python" ;;
esac

trusted=$(certificates "/$bundle" 2>/dev/null | sha256sum || true)
inputs=$(cat "$here"/base.sh "$here"/registry* - <<<"$1 $trusted" | sha256sum | cut -d' ' -f1)
existing=$(docker image inspect --format "{{.Id}} {{index .Config.Labels \"$label\"}}" "$image" 2>/dev/null || true)
if [ "${existing#* }" = "$inputs" ]; then
  echo "$image"
  exit 0
fi

work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
chmod 755 "$work" # the bootstrap program may run as another user
changes=(--change "LABEL $label=$inputs")
say "making $image from Debian packages, because this machine has no public image"
"make_$1" "$work/image.tar"
docker import "${changes[@]}" "$work/image.tar" "$image" >/dev/null
[ -z "$existing" ] || docker image rm "${existing%% *}" >/dev/null 2>&1 || true # the one it replaces, unless in use
say "$image is ready (in $SECONDS s)"
echo "$image"
