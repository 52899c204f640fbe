#!/usr/bin/env bash
# Builds the image of the function and pushes it, unless the repository already has its tag.
#
# main.tf runs it and gives it everything in the environment:
#   IMAGE_ENGINE            docker or podman
#   IMAGE_REPOSITORY_URL    <registry>/<repository>
#   IMAGE_TAG               tag, made of the hash of everything the image is built from
#   IMAGE_CONTEXT           folder it is built from
#   IMAGE_DOCKERFILE        path of the Dockerfile
#   IMAGE_PLATFORM          linux/amd64 or linux/arm64
#   IMAGE_BUILD_ARGS        build arguments, a line NAME=value each; may be empty
#   IMAGE_REGION            AWS region of the registry
#   IMAGE_PASSWORD_COMMAND  shell command that prints the registry's password; empty asks the AWS CLI
set +x # the password must not be in a trace, either
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
  # localhost.localstack.cloud is a public name for 127.0.0.1.
  [[ $1 =~ ^(127(\.[0-9]+){3}|\[::1\]|([a-z0-9.-]+\.)?localhost(\.localstack\.cloud)?)(:[0-9]+)?$ ]]
}

check_engine() {
  command -v "$engine" >/dev/null ||
    die "'$engine' is not on the PATH." \
      "Install it, or set container_engine to the engine you have (docker, podman), or image_uri to an image that is built already."
  local answer
  answer=$("$engine" version 2>&1) || {
    printf '%s\n' "$answer" >&2
    die "'$engine' does not answer; its message stands above." \
      "Start the engine, or point '$engine' at one that runs (docker context use, DOCKER_HOST), then apply again."
  }
}

# The token is kept in a folder of this run's own, so that the user's engine configuration neither changes nor gets it.
prepare_login() {
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  trap 'exit 130' INT TERM HUP
  if [[ $engine == docker ]]; then
    # Without an entry the CLI would take the first credential store it finds, such as the system's key ring:
    # DetectDefaultStore in https://github.com/docker/cli/blob/master/cli/config/config.go
    printf '{"auths": {"%s": {}}}' "$registry" >"$scratch/config.json"
    # The engine the user's own configuration points at goes on to be the one that is used.
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

# A local registry must never see real credentials, nor AWS a request meant for the emulator. Which of the two this is
# about follows from where the image goes, and from nothing the user's environment says.
password() (
  if is_loopback "$registry"; then
    local endpoint=${AWS_ENDPOINT_URL:-} address key=${AWS_ACCESS_KEY_ID:-} secret=${AWS_SECRET_ACCESS_KEY:-}
    local token=${AWS_SESSION_TOKEN:-}
    address=${endpoint#*://}
    # The emulator's gateway serves the registry's host and port, too.
    is_loopback "${address%%/*}" || endpoint=http://$registry
    unset "${!AWS_@}" # profiles, session and web identity tokens, endpoints of single services
    # LocalStack's own users and sessions, by whose policies the password then counts. AWS's keys begin with A.
    [[ $key =~ ^L[KS]IA ]] || key=test secret=test token=
    export AWS_ENDPOINT_URL=$endpoint AWS_ACCESS_KEY_ID=$key AWS_SECRET_ACCESS_KEY=$secret
    [[ -z $token ]] || export AWS_SESSION_TOKEN=$token
    export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
  else
    # https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    unset "${!AWS_ENDPOINT_URL@}"
    export AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true # those in the user's AWS configuration file
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
    die "$registry is neither ECR nor on this machine: AWS's password is not sent there." \
      "Set ecr_password_command to a command that prints its password."
  command -v aws >/dev/null ||
    die "The AWS CLI, which gets the registry's password, is not on the PATH." \
      "Install it, or set ecr_password_command to a command that prints the password."
}

login() {
  check_password_command
  local secret answer
  secret=$(password) ||
    die "The command for the registry's password failed; its message stands above." \
      "Check the AWS credentials in use (they need ecr:GetAuthorizationToken), or ecr_password_command."
  [[ -n $secret ]] ||
    die "The command for the registry's password printed nothing." "Check ecr_password_command."
  # printf is part of the shell: the password is in no process's arguments.
  answer=$(printf '%s' "$secret" | with_login login --username AWS --password-stdin ${tls_verify:+"$tls_verify"} "$registry" 2>&1) || {
    printf '%s\n' "$answer" >&2
    die "$registry refused the login, or could not be reached; the engine's message stands above." \
      "Check that the registry is up and that the password is for it."
  }
}

# The manifest of the tag, or nothing when there is none.
manifest() {
  if [[ $engine == docker ]]; then
    with_login manifest inspect ${insecure:+"$insecure"} "$image" 2>/dev/null
  else
    with_login manifest inspect ${tls_verify:+"$tls_verify"} "docker://$image" 2>/dev/null
  fi
}

# Lambda runs images of one platform, not indexes; BuildKit makes an index where it adds attestations.
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
    # Only BuildKit has these. --load: builders in a container of their own keep the image to themselves.
    options=$(docker build --help 2>/dev/null)
    [[ $options != *--provenance* ]] || command+=(--provenance=false --sbom=false --load)
  fi
  while IFS= read -r line; do
    [[ -z $line ]] || command+=(--build-arg "$line")
  done <<<"$IMAGE_BUILD_ARGS"
  "${command[@]}" "$IMAGE_CONTEXT" ||
    die "The build failed; its output stands above." \
      "Mend the Dockerfile or what it needs, then apply again. By hand: $engine build --file '$IMAGE_DOCKERFILE' '$IMAGE_CONTEXT'"
}

push() {
  with_login push ${tls_verify:+"$tls_verify"} "$image" && return
  # Tags are immutable: when two push the same image, one of them is refused, and has what it wanted.
  [[ -z $(manifest) ]] ||
    { say "somebody else has just pushed $image" && return; }
  die "$registry refused the push, or could not be reached; the engine's message stands above." \
    "Check that the repository exists and that the credentials may push to it (ecr:InitiateLayerUpload, ecr:UploadLayerPart, ecr:CompleteLayerUpload, ecr:BatchCheckLayerAvailability, ecr:PutImage)."
}

# The emulator has no TLS. docker's engine allows that on loopback addresses by itself.
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
