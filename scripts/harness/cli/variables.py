"""Environment variables for users that have no equivalent option."""

from __future__ import annotations

from typing import NamedTuple


class Variable(NamedTuple):
    """An environment variable.

    Attributes:
        name: its name.
        default: the value in effect if it is unset; may be empty.
        effect: its effect.
    """

    name: str
    default: str
    effect: str


VARIABLES = {
    "pipelines": (
        Variable(
            "PIPELINE",
            "the folder above the working directory that has a pipeline.toml, or the checkout",
            "folder of the pipeline that a command is about",
        ),
    ),
    "setup": (
        Variable("PYTHON", "the python3.13 on the PATH or of pyenv", "the interpreter for `.venv`"),
        Variable(
            "TERRAFORM_PROVIDER_MIRROR",
            "searched for below /opt, /srv, /usr and /var",
            "folder of a filesystem mirror with the AWS provider",
        ),
        Variable("TF_CLI_CONFIG_FILE", "", "your own Terraform configuration; it takes precedence over a mirror"),
        Variable("TF_PLUGIN_CACHE_DIR", ".cache/terraform/plugins", "Terraform's cache of providers"),
        Variable("PIP_INDEX_URL, PIP_EXTRA_INDEX_URL", "PyPI", "your own package indexes, also in image builds"),
    ),
    "containers": (
        Variable("DOCKER_HOST", "that of Docker's current context", "the container engine"),
        Variable("DOCKER_CONFIG", "~/.docker", "folder of Docker's own settings and logins"),
        Variable("DOCKER_SOCKET", "/var/run/docker.sock", "the engine's socket, as LocalStack's container mounts it"),
        Variable(
            "IMAGE_SOURCE",
            "auto",
            "base images: `auto` uses a local stand-in if none can be pulled, `local` contacts no registry, "
            "`public` accepts no stand-in",
        ),
        Variable("DEBIAN_MIRROR", "that of mmdebstrap", "mirror of the Debian packages for stand-ins"),
        Variable("LOCALSTACK_IMAGE", "ours", "LocalStack's official image instead of ours (docker-compose.yml)"),
        Variable("LOCALSTACK_AUTH_TOKEN", "", "the licence of that image"),
    ),
    "network": (
        Variable("HTTP_PROXY, HTTPS_PROXY, NO_PROXY", "", "your proxy; loopback addresses never go through it"),
        Variable(
            "AWS_CA_BUNDLE, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, SSL_CERT_FILE, SSL_CERT_DIR",
            "",
            "your own certificate authorities",
        ),
    ),
    "stages on AWS": (
        Variable(
            "AWS_*",
            "",
            "credentials, profile and so on, as for the AWS CLI: only the commands that work on a stage see them; "
            "the region is the stage's",
        ),
    ),
    "tests": (
        Variable("CI", "", "set: a test that finds no container engine fails; unset, it is skipped"),
        Variable("RERUNS", "0", "how often a failed test is tried again; the output names it (CI: 1)"),
        Variable(
            "E2E_SNAPSHOT",
            "1, in CI 0",
            "1: `make e2e` starts from the snapshot of its last start, and applies what has changed since",
        ),
        Variable("E2E_KEEP", "", "1: `make e2e` leaves its stack running and uses it again next time"),
        Variable(
            "PROVE_CAPACITY",
            "",
            "1: the tests compare rates with limits in real time; on a machine with nothing else to do",
        ),
    ),
}
