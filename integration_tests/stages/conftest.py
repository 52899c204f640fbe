"""A stage in an account emulated by LocalStack, made by plain Terraform from a Zip; images take the same path."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from harness.stack import state as stacks
from harness.stack.state import EMBEDDED, Stack
from harness.stages import deploy, destroy, leftovers, rehearsal, rehearsal_files, tfvars
from harness.stages.access import Access
from harness.stages.stage import Stage

# The provider watches new lifecycle rules for 55 s; only the rehearsal waits for that.
NO_LIFECYCLE = {"failed_events_expiration_days": None, "noncurrent_expiration_days": None}


@pytest.fixture(scope="session")
def account() -> Iterator[Stack]:
    """An empty LocalStack, credentials in the environment, and yes to every question."""
    with rehearsal.empty_localstack("stages", EMBEDDED) as stack, rehearsal.as_a_user_would():
        yield stack


@pytest.fixture(scope="session")
def access(account: Stack) -> Access:
    """Access to it."""
    return Access(stacks.REGION, account.endpoint_url)


@pytest.fixture
def stage(account: Stack, access: Access) -> Iterator[Stage]:
    """A stage with its state bucket and nothing else; destroyed afterwards."""
    with _made(account, access) as made:
        yield made


@pytest.fixture(scope="module")
def deployed(account: Stack, access: Access) -> Iterator[Stage]:
    """A deployed stage, shared by a module's tests."""
    with _made(account, access) as made:
        deploy.deploy(made, access)
        yield made


@contextmanager
def _made(account: Stack, access: Access) -> Iterator[Stage]:
    made = changed(rehearsal_files.of_checkout(account), **NO_LIFECYCLE)
    s3 = access.client("s3")
    s3.create_bucket(Bucket=made.backend["bucket"], CreateBucketConfiguration={"LocationConstraint": made.region})
    s3.put_bucket_versioning(Bucket=made.backend["bucket"], VersioningConfiguration={"Status": "Enabled"})
    try:
        yield made
    finally:
        s3.delete_object(Bucket=made.backend["bucket"], Key=f"{made.backend['key']}.tflock")
        destroy.destroy(made, access)
        leftovers.check(made, access)
        empty_bucket(s3, made.backend["bucket"])


def changed(stage: Stage, **values: Any) -> Stage:
    """The stage after a user has edited its variables."""
    variables = tfvars.read(stage.vars_file) | values
    stage.vars_file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in variables.items()))
    return replace(stage, variables=variables)


@pytest.fixture
def change() -> Callable[..., Stage]:
    """Edits a stage's variables."""
    return changed


def empty_bucket(s3: Any, bucket: str) -> None:
    """Deletes a bucket with all object versions."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for entry in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            s3.delete_object(Bucket=bucket, Key=entry["Key"], VersionId=entry["VersionId"])
    s3.delete_bucket(Bucket=bucket)
