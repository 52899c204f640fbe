"""Secrets of a made-up user, put where a real user has them when he starts a stack, and all they could get to."""

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

# Shaped as AWS's and others' are; recognizable, and valid nowhere.
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
    """The environment of a user with keys of his own."""
    before = dict(os.environ)
    os.environ.update(USERS)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def places(stack: Stack, clients: Clients) -> Iterator[tuple[str, bytes]]:
    """Everything of a stack that is kept, shown or passed on, as name and content."""
    yield "outputs", json.dumps(stack.outputs).encode()
    for file in (*stack.folder.rglob("*"), *(paths.CACHE / "logs").rglob("*")):
        # Not Terraform's own programs, and not what goes while the stack works on.
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
        if container in services:  # a function's output goes to its log group alone
            yield f"log of {container.name}", container.logs()
    image = engine.client().images.get(stack.outputs["image_uri"])
    yield "history of the function's image", json.dumps([image.attrs, image.history()]).encode()
    yield from _saved(image)


def _saved(image: docker.models.images.Image) -> Iterator[tuple[str, bytes]]:
    """What `docker save` writes: layers and configuration, uncompressed."""
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
    """Environment of LocalStack and of what it has started; the function's Zip."""
    if root := stack.process():
        yield "environment of LocalStack", json.dumps(root.environ()).encode()
        for process in root.children(recursive=True):
            # Functions come and go, and a sandboxed one does not let everybody look.
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                yield f"environment of process {process.pid}", json.dumps(process.environ()).encode()
    with zipfile.ZipFile(paths.FUNCTION_ZIP) as package:
        for name in package.namelist():
            yield f"function's Zip: {name}", package.read(name)


def found_in(places: Iterator[tuple[str, bytes]], texts: dict[str, str]) -> dict[str, set[str]]:
    """Where which texts are.

    Args:
        places: name and content of each.
        texts: what to look for, by a name.

    Returns:
        For each text that was found its name, and the names of the places.
    """
    found: dict[str, set[str]] = {}
    for place, content in places:
        for name, text in texts.items():
            # As JSON has it, too: one of AWS's secret keys may hold slashes, which some escape.
            if any(form in content for form in (text.encode(), text.replace("/", "\\/").encode())):
                found.setdefault(name, set()).add(place)
    return found
