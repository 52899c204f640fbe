#!/usr/bin/env bash
# Builds and pushes the function's image, unless the repository already has its tag.
#
# main.tf runs this script with these environment variables:
#   IMAGE_ENGINE            docker or podman
#   IMAGE_REPOSITORY_URL    <registry>/<repository>
#   IMAGE_TAG               tag, from the hash of everything the image is built from
#   IMAGE_CONTEXT           build context
#   IMAGE_DOCKERFILE        path of the Dockerfile
#   IMAGE_PLATFORM          linux/amd64 or linux/arm64
#   IMAGE_BUILD_ARGS        build arguments, one NAME=value per line; may be empty
#   IMAGE_REGION            AWS region of the registry
#   IMAGE_PASSWORD_COMMAND  shell command that prints the registry's password; empty uses the AWS CLI
set +x # keeps the password out of traces
set -euo pipefail

registry=${IMAGE_REPOSITORY_URL%%/*}
image=$IMAGE_REPOSITORY_URL:$IMAGE_TAG
engine=$IMAGE_ENGINE

say() { printf '%s\n' "image: $*"; }

die() { # cause, next step
  printf '%s\n' "image: $1" "image: $2" >&2
  exit 1
}

is_loopback() { # host[:port]
  # localhost.localstack.cloud is a public name of 127.0.0.1.
  [[ $1 =~ ^(127(\.[0-9]+){3}|\[::1\]|([a-z0-9.-]+\.)?localhost(\.localstack\.cloud)?)(:[0-9]+)?$ ]]
}

check_engine() {
  command -v "$engine" >/dev/null ||
    die "'$engine' is not on the PATH." \
      "Install it, or set container_engine to the engine you have (docker, podman), or image_uri to an existing image."
  local answer
  answer=$("$engine" version 2>&1) || {
    printf '%s\n' "$answer" >&2
    die "'$engine' does not answer; see its message above." \
      "Start the engine, or point '$engine' at a running one (docker context use, DOCKER_HOST), then apply again."
  }
}

# Keeps the token in a temporary folder, so that it never reaches the user's engine configuration.
prepare_login() {
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  trap 'exit 130' INT TERM HUP
  if [[ $engine == docker ]]; then
    # Without an entry the CLI would use the first credential store it finds, such as the system's key ring; see
    # DetectDefaultStore in https://github.com/docker/cli/blob/master/cli/config/config.go
    printf '{"auths": {"%s": {}}}' "$registry" >"$scratch/config.json"
    # Keeps the engine that the user's own configuration points at.
    if [[ -z ${DOCKER_HOST:-} ]]; then
      DOCKER_CONTEXT=$(docker context inspect --format '{{.Name}}')
      export DOCKER_CONTEXT
      local contexts=${DOCKER_CONFIG:-${HOME:-}/.docker}/contexts
      [[ ! -d $contexts ]] || ln -s "$(cd "$contexts" && pwd)" "$scratch/contexts"
    fi
  fi
}

with_login() { # docker or podman command
  if [[ $engine == docker ]]; then
    DOCKER_CONFIG=$scratch docker "$@"
  else
    REGISTRY_AUTH_FILE=$scratch/auth.json podman "$@"
  fi
}

# A local registry must never see real credentials, and AWS must never see a request meant for the emulator. Only the
# address of the registry decides which of the two this is; the user's environment does not.
password() (
  if is_loopback "$registry"; then
    local endpoint=${AWS_ENDPOINT_URL:-} address key=${AWS_ACCESS_KEY_ID:-} secret=${AWS_SECRET_ACCESS_KEY:-}
    local token=${AWS_SESSION_TOKEN:-}
    address=${endpoint#*://}
    # The emulator's gateway also answers at the registry's host and port.
    is_loopback "${address%%/*}" || endpoint=http://$registry
    unset "${!AWS_@}" # profiles, session and web identity tokens, endpoints of single services
    # Keeps the keys of LocalStack's users and sessions, whose policies then apply. AWS's keys start with A.
    [[ $key =~ ^L[KS]IA ]] || key=test secret=test token=
    export AWS_ENDPOINT_URL=$endpoint AWS_ACCESS_KEY_ID=$key AWS_SECRET_ACCESS_KEY=$secret
    [[ -z $token ]] || export AWS_SESSION_TOKEN=$token
    export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
  else
    # https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    unset "${!AWS_ENDPOINT_URL@}"
    export AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true # also in the user's AWS configuration file
  fi
  export AWS_REGION=$IMAGE_REGION AWS_DEFAULT_REGION=$IMAGE_REGION
  if [[ -n $IMAGE_PASSWORD_COMMAND ]]; then
    sh -c "$IMAGE_PASSWORD_COMMAND"
  else
    aws ecr get-login-password --region "$IMAGE_REGION"
  fi
)

check_password_command() {
  [[ -z $IMAGE_PASSWORD_COMMAND ]] || return 0
  is_loopback "$registry" || [[ $registry =~ \.(amazonaws\.com|amazonaws\.com\.cn|on\.aws)$ ]] ||
    die "$registry is neither ECR nor on this machine, so AWS's password is not sent there." \
      "Set ecr_password_command to a command that prints the registry's password."
  command -v aws >/dev/null ||
    die "The AWS CLI, which gets the registry's password, is not on the PATH." \
      "Install it, or set ecr_password_command to a command that prints the password."
}

login() {
  check_password_command
  local secret answer
  secret=$(password) ||
    die "The command for the registry's password failed; see its message above." \
      "Check the AWS credentials in use (they need ecr:GetAuthorizationToken), or ecr_password_command."
  [[ -n $secret ]] ||
    die "The command for the registry's password printed nothing." "Check ecr_password_command."
  # printf is a shell builtin, so the password is in no process's arguments.
  answer=$(printf '%s' "$secret" | with_login login --username AWS --password-stdin ${tls_verify:+"$tls_verify"} "$registry" 2>&1) || {
    printf '%s\n' "$answer" >&2
    die "$registry refused the login, or could not be reached; see the engine's message above." \
      "Check that the registry is up and that the password is valid for it."
  }
}

# Prints the manifest of the tag, or nothing if there is none.
manifest() {
  if [[ $engine == docker ]]; then
    with_login manifest inspect ${insecure:+"$insecure"} "$image" 2>/dev/null
  else
    with_login manifest inspect ${tls_verify:+"$tls_verify"} "docker://$image" 2>/dev/null
  fi
}

# Lambda runs images, not image indexes. BuildKit makes an index when it adds attestations.
# https://docs.aws.amazon.com/lambda/latest/dg/images-create.html
check_manifest() { # manifest
  [[ $1 != *'"manifests"'* ]] ||
    die "$image is an image index, which Lambda refuses." \
      "Delete this tag, then apply again with a builder that adds no attestations (docker: BUILDX_NO_DEFAULT_ATTESTATIONS=1)."
}

build() {
  local command=("$engine" build --platform "$IMAGE_PLATFORM" --file "$IMAGE_DOCKERFILE" --tag "$image")
  local options line
  if [[ $engine == docker ]]; then
    # Only BuildKit has these options. --load: without it, a builder in a container keeps the image to itself.
    options=$(docker build --help 2>/dev/null)
    [[ $options != *--provenance* ]] || command+=(--provenance=false --sbom=false --load)
  fi
  while IFS= read -r line; do
    [[ -z $line ]] || command+=(--build-arg "$line")
  done <<<"$IMAGE_BUILD_ARGS"
  "${command[@]}" "$IMAGE_CONTEXT" ||
    die "The build failed; see its output above." \
      "Fix the Dockerfile or what it needs, then apply again. By hand: $engine build --file '$IMAGE_DOCKERFILE' '$IMAGE_CONTEXT'"
}

push() {
  with_login push ${tls_verify:+"$tls_verify"} "$image" && return
  # Tags are immutable. If two push the same image, the registry refuses the second, which then has what it needs.
  [[ -z $(manifest) ]] ||
    { say "$image was pushed by another run in the meantime" && return; }
  die "$registry refused the push, or could not be reached; see the engine's message above." \
    "Check that the repository exists and that the credentials may push to it (ecr:InitiateLayerUpload, ecr:UploadLayerPart, ecr:CompleteLayerUpload, ecr:BatchCheckLayerAvailability, ecr:PutImage)."
}

# The emulator has no TLS. The Docker engine accepts that on loopback addresses without an option.
insecure='' tls_verify=''
if is_loopback "$registry"; then
  insecure=--insecure
  [[ $engine == docker ]] || tls_verify=--tls-verify=false
fi

say "$image for $IMAGE_PLATFORM, with $engine"
check_engine
prepare_login
login
found=$(manifest) || found=
if [[ -n $found ]]; then
  check_manifest "$found"
  say "already in the repository; nothing to build"
  exit 0
fi
say "building from $IMAGE_CONTEXT"
build
say "pushing"
push
check_manifest "$(manifest)"
say "pushed"
