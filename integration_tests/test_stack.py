"""Terraform's resources: names, an empty second plan, and nothing left after destroy."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from typing import Any

import psutil
import pytest

from harness.local import containers, deployment, lifecycle
from harness.machine import engine, processes
from harness.paths import INFRASTRUCTURE, VENV_BIN
from harness.stack import live
from harness.stack.clients import Clients
from harness.stack.state import DOCKER, Stack
from harness.terraform.runner import Terraform

type Plan = tuple[int, list[dict[str, Any]]]


@pytest.mark.aws_valid
def test_outputs_match_the_design(stack: Stack) -> None:
    assert stack.outputs["source_stream_name"] == "sales-events-e2e"
    assert stack.outputs["predictions_stream_name"] == "sales-predictions-e2e"
    assert stack.outputs["model_bucket"] == "store-sales-models-e2e"
    assert stack.outputs["failed_events_bucket"] == "store-sales-failed-events-e2e"
    assert stack.outputs["lambda_function"] == "store_sales_e2e"
    assert stack.outputs["log_group"] == "/aws/lambda/store_sales_e2e"
    assert {"ecr_repo", "image_uri"} <= set(stack.outputs)


@pytest.mark.aws_valid
def test_a_plan_after_the_apply_is_empty(stack: Stack) -> None:
    assert Terraform(stack, deployment.variables(stack, stack.run_id)).plan_is_empty()


@pytest.mark.local_only
def test_an_unchanged_up_runs_no_terraform(stack: Stack) -> None:
    # GIVEN a stack that is up to date: other tests may have changed it
    before, _ = lifecycle.up(stack.name, stack.project_id, stack.port)
    log = stack.log("terraform").read_bytes()
    # WHEN it is brought up again
    again, answer = lifecycle.up(stack.name, stack.project_id, stack.port)
    # THEN it is the same, and answers
    assert again.outputs == before.outputs
    assert answer["version"] == stack.run_id
    assert stack.log("terraform").read_bytes() == log


@pytest.mark.aws_valid
@pytest.mark.long_proof
def test_a_plan_with_a_change_is_not_empty(stack: Stack) -> None:
    """The check above can fail."""
    assert not Terraform(stack, deployment.variables(stack, "0" * 32)).plan_is_empty(refresh=False)


@pytest.fixture(scope="module")
def plan_by_hand(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Sequence[str]], Plan]:
    """Return a function that plans with tflocal, as the user can: its status, and the messages of its output."""
    terraform = Terraform(stack, {})
    env = terraform.env | {
        "TF_DATA_DIR": str(tmp_path_factory.mktemp("terraform-data")),
        "S3_HOSTNAME": "127.0.0.1",
        "DISABLE_DEPRECATION_NOTICE": "1",
    }

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [VENV_BIN / "tflocal", *words, "-input=false"],
            cwd=terraform.folder, env=env, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    initialized = run("init", "-backend-config=" + str(INFRASTRUCTURE / "vars" / "local.s3.tfbackend"))
    assert initialized.returncode == 0, initialized.stderr

    def plan(variables: Sequence[str]) -> Plan:
        done = run("plan", "-refresh=false", "-json", *variables)
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    return plan


@pytest.mark.local_only
@pytest.mark.long_proof
def test_a_plan_with_tflocal_is_empty(stack: Stack, plan_by_hand: Callable[[Sequence[str]], Plan]) -> None:
    status, messages = plan_by_hand(Terraform(stack, deployment.variables(stack, stack.run_id)).variables)
    assert status == 0, messages
    (summary,) = [message["changes"] for message in messages if message["type"] == "change_summary"]
    assert (summary["add"], summary["change"], summary["remove"]) == (0, 0, 0)


@pytest.mark.local_only
@pytest.mark.long_proof
def test_a_manual_plan_on_a_running_stack_destroys_nothing(
    stack: Stack, plan_by_hand: Callable[[Sequence[str]], Plan]
) -> None:
    """With vars/local.tfvars alone, without the harness's variables; a stack in containers refuses it."""
    zip_file = str(stack.pipeline.zip_file)  # the file's path is relative to the checkout
    status, messages = plan_by_hand(Terraform(stack, {"lambda_zip_path": zip_file}).variables)
    if stack.runtime == DOCKER:
        assert status == 1
        refused = "\n".join(message["diagnostic"]["detail"] for message in messages if message["type"] == "diagnostic")
        assert "Add -var lambda_package_type=Image" in refused
    else:
        assert status == 0, messages
        assert {m["change"]["action"] for m in messages if m["type"] == "planned_change"} == {"update"}


@pytest.mark.aws_valid
def test_streams_match_the_design(stack: Stack, clients: Clients) -> None:
    for output in ("source_stream_name", "predictions_stream_name"):
        summary = clients.kinesis.describe_stream_summary(StreamName=stack.outputs[output])["StreamDescriptionSummary"]
        assert summary["OpenShardCount"] == 2
        assert summary["RetentionPeriodHours"] == 48
        assert summary["EnhancedMonitoring"][0]["ShardLevelMetrics"]
        tags = clients.kinesis.list_tags_for_stream(StreamName=stack.outputs[output])["Tags"]
        assert {"Key": "ManagedBy", "Value": "terraform"} in tags


@pytest.mark.aws_valid
def test_the_function_matches_the_design(stack: Stack, clients: Clients) -> None:
    function = clients.functions.get_function_configuration(FunctionName=stack.outputs["live_alias_arn"])
    assert function["Timeout"] == 180
    assert function["TracingConfig"]["Mode"] == "Active"
    assert {"PREDICTIONS_STREAM_NAME", "MODEL_BUCKET", "RUN_ID"} <= set(function["Environment"]["Variables"])


@pytest.mark.aws_valid
def test_the_mapping_invokes_the_alias_of_the_published_version(stack: Stack, clients: Clients) -> None:
    mapping = clients.functions.get_event_source_mapping(UUID=stack.outputs["event_source_mapping_id"])
    assert mapping["FunctionArn"] == stack.outputs["live_alias_arn"]
    assert stack.outputs["live_alias_arn"].endswith(":store_sales_e2e:live")
    # Other tests also deploy, so take the newest version, whichever it is.
    found = clients.functions.list_versions_by_function(FunctionName=stack.outputs["lambda_function"])["Versions"]
    assert live.version(stack) == str(max(int(one["Version"]) for one in found if one["Version"] != "$LATEST"))


@pytest.mark.local_only
def test_the_endpoint_listens_on_loopback_only(stack: Stack) -> None:
    listening = _published(stack) if stack.runtime == DOCKER else _listening(stack)
    assert listening
    assert listening <= {"127.0.0.1", "::1"}


def _listening(stack: Stack) -> set[str]:
    return {
        connection.laddr.ip
        for process in processes.of_stack(stack.folder)
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }


def _published(stack: Stack) -> set[str]:
    found = [*engine.containers(engine.PROJECT_LABEL, stack.project), *containers.functions(stack)]
    published = [container.attrs["NetworkSettings"]["Ports"] for container in found]
    return {bound["HostIp"] for ports in published for binds in ports.values() for bound in binds or []}


@pytest.mark.long_proof
@pytest.mark.aws_valid
@pytest.mark.destroys_stack
def test_destroy_leaves_nothing_behind(stack: Stack, clients: Clients) -> None:
    found = _resources(clients)
    if stack.runtime != DOCKER:
        assert not found.pop("repositories")  # a Zip has none
    assert all(found.values()), "every list below must find something at first"
    Terraform(stack, deployment.variables(stack, stack.run_id)).destroy()
    assert {kind: found for kind, found in _resources(clients).items() if found} == {}


def _resources(clients: Clients) -> dict[str, list[str]]:
    functions = clients.functions
    return {
        "streams": clients.kinesis.list_streams()["StreamNames"],
        "functions": [f["FunctionName"] for f in functions.list_functions()["Functions"]],
        "mappings": [m["UUID"] for m in functions.list_event_source_mappings()["EventSourceMappings"]],
        "buckets": [b["Name"] for b in clients.s3.list_buckets()["Buckets"] if b["Name"].endswith("-e2e")],
        "repositories": [r["repositoryName"] for r in clients.ecr.describe_repositories()["repositories"]],
        "log groups": [group["logGroupName"] for group in clients.logs.describe_log_groups()["logGroups"]],
        "roles": [role["RoleName"] for role in clients.iam.list_roles()["Roles"]],
    }
