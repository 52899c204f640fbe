"""Shadow mode: a second model's answers are in the log, and all predictions come from the live model."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from harness import events, streams
from harness.console import Step
from harness.dashboard import shadow as shadow_view
from harness.dashboard.local import Local
from harness.ledger import expected
from harness.local import deployment
from harness.machine import environment
from harness.machine.waiting import poll
from harness.model import current as current_model
from harness.setup.install import PYTHON
from harness.stack.clients import Clients
from harness.stack.state import Stack
from harness.terraform.runner import Terraform
from store_sales_testing.samples import sales_rows

pytestmark = [pytest.mark.aws_valid, pytest.mark.long_proof]  # three applies
COUNT = 200


@pytest.fixture(scope="module")
def second(stack: Stack, clients: Clients, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Another model, trained on other sales of the same stores, in the stack's bucket."""
    folder = tmp_path_factory.mktemp("second")
    rows = sales_rows(stores=len(stack.model["stores"]))
    stores = {7 * number: store for number, store in enumerate(stack.model["stores"], 1)}
    with (folder / "sales.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["date", "store", "sales", "promo", "holiday"]])
        csv.writer(file).writerows([day, stores[store], *rest] for day, store, *rest in rows)
    words = ["--data", "sales.csv", "--mlflow-dir", "mlflow", "--cache-dir", ".", "--result", "result.json"]
    subprocess.run(
        [PYTHON, "-m", "training.train", *words],
        cwd=folder, env=environment.clean(), check=True, timeout=300,
    )  # fmt: skip
    result: dict[str, Any] = json.loads((folder / "result.json").read_text())
    current_model.upload(clients.s3, stack.outputs["model_bucket"], result)
    return result


@pytest.fixture
def log_lines(stack: Stack, clients: Clients) -> Callable[[str], list[dict[str, Any]]]:
    """The function's structured log lines with a given message, from all its environments so far."""

    def read(message: str) -> list[dict[str, Any]]:
        found = []
        pages = clients.logs.get_paginator("filter_log_events").paginate(logGroupName=stack.outputs["log_group"])
        for event in (event for page in pages for event in page["events"]):
            if event["message"].startswith("{") and f'"message": "{message}"' in event["message"]:
                found.append(json.loads(event["message"]))
        return found

    return read


@pytest.fixture(scope="module")
def shadowed(stack: Stack) -> Iterator[Callable[[str], None]]:
    """Gives the stack a shadow model that logs every event; removes the last one at the end."""
    variables = deployment.variables(stack, stack.run_id)
    more = {"lambda_environment": json.dumps({"LOG_LEVEL": "DEBUG"})}
    yield lambda run_id: _apply(stack, variables | more | {"shadow_run_id": run_id})
    _apply(stack, variables)


def _apply(stack: Stack, variables: dict[str, str]) -> None:
    Terraform(stack, variables).apply(Step("shadow"))


def _sales(answers: expected.Answers) -> list[float]:
    return [answer["prediction"]["sales_prediction"] for answer in answers]


def _predicted(stack: Stack, clients: Clients, seed: int) -> dict[str, tuple[bytes, float]]:
    """Puts events and waits for their predictions; returns both by event id."""
    reader = streams.Reader(clients.kinesis, stack.outputs["predictions_stream_name"], "LATEST")
    records = events.made_up(stack, COUNT, seed=seed)
    puts = list(streams.put(clients.kinesis, stack.outputs["source_stream_name"], records))
    data = {put.event_id: record for put, (record, _) in zip(puts, records, strict=True)}
    sales: dict[str, float] = {}

    def all_there() -> bool:
        for answer in (json.loads(read.data) for read in reader.read()):
            if answer["event_id"] in data:
                assert answer["version"] == stack.run_id
                assert sales.setdefault(answer["event_id"], answer["prediction"]["sales_prediction"]) == pytest.approx(
                    answer["prediction"]["sales_prediction"]
                )
        return len(sales) == COUNT

    assert poll(all_there, "the predictions", deadline=120)
    return {event_id: (data[event_id], sales[event_id]) for event_id in data}


def test_the_second_model_answers_every_event_in_the_log_and_none_on_the_stream(
    stack: Stack,
    clients: Clients,
    shadowed: Callable[[str], None],
    second: dict[str, Any],
    log_lines: Callable[[str], list[dict[str, Any]]],
) -> None:
    shadowed(second["run_id"])
    found = _predicted(stack, clients, seed=21)
    records = [record for record, _ in found.values()]
    live = _sales(expected.of(stack)(records))
    shadow = _sales(expected.of_model(stack.pipeline, second)(records))
    assert [sales for _, sales in found.values()] == pytest.approx(live, rel=1e-5)
    assert [sales for _, sales in found.values()] != pytest.approx(shadow, rel=0.01), "the models must differ"

    def logged() -> dict[str, dict[str, Any]] | None:
        lines = {line["event_id"]: line for line in log_lines("shadow") if line["event_id"] in found}
        return lines if len(lines) == COUNT else None

    lines = poll(logged, "the shadow's answers in the log", deadline=120)
    assert [lines[event_id]["shadow_sales"] for event_id in found] == pytest.approx(shadow, rel=1e-5)
    assert [lines[event_id]["live_sales"] for event_id in found] == [sales for _, sales in found.values()]
    compared = [line for line in log_lines("shadow compared") if line["shadow_version"] == second["run_id"]]
    assert sum(line["ShadowEvents"] for line in compared) >= COUNT
    assert all(line["ShadowMeanAbsoluteRelativeDifference"] > 0 for line in compared)
    page = shadow_view.describe(Local(stack))
    assert (page["run_id"], page["live"]) == (second["run_id"], stack.run_id)
    assert page["events"] >= COUNT
    assert page["absolute"] == pytest.approx(
        sum(line["ShadowMeanAbsoluteRelativeDifference"] * line["ShadowEvents"] for line in compared)
        / sum(line["ShadowEvents"] for line in compared),
        rel=0.2,
    )  # more may have been logged meanwhile
    assert [each["role"] for each in page["hold_out"]] == ["live", "shadow"]
    assert {line["FunctionName"] for line in compared} == {stack.outputs["lambda_function"]}
    assert all(line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "StoreSales" for line in compared)


def test_a_missing_shadow_costs_no_prediction(
    stack: Stack,
    clients: Clients,
    shadowed: Callable[[str], None],
    log_lines: Callable[[str], list[dict[str, Any]]],
) -> None:
    missing = "0" * 32
    shadowed(missing)
    found = _predicted(stack, clients, seed=22)
    live = _sales(expected.of(stack)([record for record, _ in found.values()]))
    assert [sales for _, sales in found.values()] == pytest.approx(live, rel=1e-5)

    def failed() -> list[dict[str, Any]]:
        return [line for line in log_lines("shadow failed") if line["shadow_version"] == missing]

    [line, *_] = poll(failed, "the line about the missing shadow", deadline=60)
    assert f"no model of run {missing}" in line["cause"]
    assert line["ShadowErrors"] == 1
    page = shadow_view.describe(Local(stack))
    assert page["failures"] >= 1
    assert missing in page["cause"]
