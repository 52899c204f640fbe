"""Neither the user's secrets nor the password of the stack's ECR are stored or shown anywhere."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest

from harness import events
from harness.console import Step
from harness.local import canary, ecr_password
from harness.stack.clients import Clients
from harness.stack.state import DOCKER, Stack
from integration_tests import planted

pytestmark = pytest.mark.local_only


def test_no_secret_is_in_image_state_outputs_or_logs(stack: Stack, clients: Clients) -> None:
    # GIVEN a stack that was started with secrets in the environment and has answered
    canary.answer_to(stack, {"sales_input": events.sample()["sales_input"], "sales_id": "secrets"}, Step("secrets"))
    secret = {**planted.USERS}
    if stack.runtime == DOCKER:
        password = ecr_password.password(clients.ecr)  # the one with which Terraform pushed the image
        secret |= {
            "ECR's password": password,
            "ECR's password, as Docker stores it": base64.b64encode(f"AWS:{password}".encode()).decode(),
        }
    # WHEN searching for them, and for texts known to be there
    state = '"aws_kinesis_stream"'
    known = {"model": stack.run_id, "state": state, "code": "def lambda_handler(", "log": "Init Duration"}
    found = planted.found_in(planted.places(stack, clients), secret | known)
    # THEN only the latter are found, each where it belongs
    assert {name: sorted(where) for name, where in found.items() if name in secret} == {}
    assert {"outputs", "function's configuration"} & found["model"]
    assert any(place.startswith("object ") for place in found["state"])
    assert any(place.startswith(("image's ", "function's Zip")) for place in found["code"])
    assert "function's log" in found["log"]


def test_a_secret_is_found_where_it_is(stack: Stack, clients: Clients) -> None:
    secret = planted.USERS["AWS_SECRET_ACCESS_KEY"]
    bucket, key = stack.outputs["model_bucket"], "planted.json"
    clients.s3.put_object(Bucket=bucket, Key=key, Body=json.dumps({"key": secret}).replace("/", "\\/").encode())
    try:
        found = planted.found_in(_objects(stack, clients), planted.USERS)
    finally:
        clients.s3.delete_object(Bucket=bucket, Key=key)
    assert found == {"AWS_SECRET_ACCESS_KEY": {f"object {bucket}/{key}"}}


def _objects(stack: Stack, clients: Clients) -> Iterator[tuple[str, bytes]]:
    return (place for place in planted.places(stack, clients) if place[0].startswith("object "))
