"""Secrets of a fictitious user, in the places where a real user has them, and all places they could leak to."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

import docker.models.images
import psutil

from harness import paths
from harness.local import containers
from harness.machine import engine
from harness.stack.clients import Clients
from harness.stack.state import DOCKER, Stack

# In the format of AWS's and other real secrets; recognizable, and valid nowhere.
USERS = {
    "AWS_ACCESS_KEY_ID": "AKIAPLANTED7KEYFINDME",
    "AWS_SECRET_ACCESS_KEY": "planted/Secret+Access7Key/find/me/everywh",
    "AWS_SESSION_TOKEN": "planted-session-token-find-me-7",
    "LOCALSTACK_AUTH_TOKEN": "ls-planted-token-find-me-7",
    "TF_VAR_planted": "planted-terraform-variable-find-me-7",
    "GITHUB_TOKEN": "ghp_plantedTokenFindMe7",
    "PIP_PASSWORD": "planted-index-password-find-me-7",
}


@contextmanager
def environment() -> Iterator[None]:
    """The environment of a user with their own keys."""
    before = dict(os.environ)
    os.environ.update(USERS)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def places(stack: Stack, clients: Clients) -> Iterator[tuple[str, bytes]]:
    """Everything that a stack stores, shows or passes on, as name and content."""
    yield "outputs", json.dumps(stack.outputs).encode()
    for file in (*stack.folder.rglob("*"), *(paths.CACHE / "logs").rglob("*")):
        # Except Terraform's programs and files that vanish while the stack runs.
        with contextlib.suppress(FileNotFoundError):
            if file.is_file() and "providers" not in file.parts:
                yield f"file {file.name}", file.read_bytes()
    for bucket in clients.s3.list_buckets()["Buckets"]:  # Terraform's state, the model, failed events, MLflow's runs
        for page in clients.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket["Name"]):
            for entry in page.get("Contents", []):
                content = clients.s3.get_object(Bucket=bucket["Name"], Key=entry["Key"])["Body"].read()
                yield f"object {bucket['Name']}/{entry['Key']}", content
    for logged in clients.logs.get_paginator("filter_log_events").paginate(logGroupName=stack.outputs["log_group"]):
        yield "function's log", json.dumps(logged["events"]).encode()
    function = clients.functions.get_function_configuration(FunctionName=stack.outputs["live_alias_arn"])
    yield "function's configuration", json.dumps(function, default=str).encode()
    yield from (_of_containers(stack) if stack.runtime == DOCKER else _of_processes(stack))


def _of_containers(stack: Stack) -> Iterator[tuple[str, bytes]]:
    """Log, configuration and image of each container; the function's image with its layers."""
    services = engine.containers(engine.PROJECT_LABEL, stack.project)
    for container in (*services, *containers.functions(stack)):
        yield f"configuration of {container.name}", json.dumps(container.attrs).encode()
        yield f"image of {container.name}", json.dumps([container.image.attrs, container.image.history()]).encode()
        if container in services:  # a function's output only goes to its log group
            yield f"log of {container.name}", container.logs()
    image = engine.client().images.get(stack.outputs["image_uri"])
    yield "history of the function's image", json.dumps([image.attrs, image.history()]).encode()
    yield from _saved(image)


def _saved(image: docker.models.images.Image) -> Iterator[tuple[str, bytes]]:
    """The output of `docker save`: layers and configuration, uncompressed."""
    with tempfile.TemporaryFile() as whole:
        for chunk in image.save():
            whole.write(chunk)
        whole.seek(0)
        with tarfile.open(fileobj=whole) as files:
            for member in files:
                if source := files.extractfile(member) if member.isfile() else None:
                    content = source.read()
                    packed = content.startswith(b"\x1f\x8b")
                    yield f"image's {member.name}", gzip.decompress(content) if packed else content


def _of_processes(stack: Stack) -> Iterator[tuple[str, bytes]]:
    """The environments of LocalStack and its child processes; the function's Zip."""
    if root := stack.process():
        yield "environment of LocalStack", json.dumps(root.environ()).encode()
        for process in root.children(recursive=True):
            # Function processes come and go, and a sandboxed one cannot be inspected by everyone.
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                yield f"environment of process {process.pid}", json.dumps(process.environ()).encode()
    with zipfile.ZipFile(stack.pipeline.zip_file) as package:
        for name in package.namelist():
            yield f"function's Zip: {name}", package.read(name)


def found_in(places: Iterator[tuple[str, bytes]], texts: dict[str, str]) -> dict[str, set[str]]:
    """Searches places for texts.

    Args:
        places: name and content of each.
        texts: the texts to search for, by name.

    Returns:
        The names of the texts found, each with the names of its places.
    """
    found: dict[str, set[str]] = {}
    for place, content in places:
        for name, text in texts.items():
            # Also in JSON's form: AWS secret keys may contain slashes, which some writers escape.
            if any(form in content for form in (text.encode(), text.replace("/", "\\/").encode())):
                found.setdefault(name, set()).add(place)
    return found
