"""The Model view of the page in a real browser: hold-out, drift and shadow of the suite's real model."""

from __future__ import annotations

import dataclasses
import json
import random
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest
from playwright.sync_api import Locator, Page, expect

from harness import events, streams
from harness.local import page as pages
from harness.machine import ports, processes
from harness.machine.waiting import poll
from harness.model import evaluation
from harness.paths import ROOT
from harness.stack import live
from harness.stack.clients import Clients
from harness.stack.state import Stack
from integration_tests import browser as browsers

pytestmark = [pytest.mark.local_only, pytest.mark.long_proof]

PICTURE = ROOT / "docs" / "images" / "dashboard-model.png"
SHADOW = "5" * 32  # a run id
LAST = 1_000  # events that drift looks at


def _opened(page: Page, served: pages.Page) -> Locator:
    page.goto(f"{served.url}/#/model")
    view = page.locator("#view")
    expect(view.get_by_role("heading", name="In use")).to_be_visible()
    expect(page.locator(".loading")).to_have_count(0)
    return view


def test_the_hold_out_of_the_model_in_use(page: Page, served: pages.Page, stack: Stack) -> None:
    view = _opened(page, served)
    expect(view.get_by_text(stack.run_id).first).to_be_visible()
    expect(view.get_by_text("alias live")).to_be_visible()
    expect(view.get_by_text("mlflow ui --backend-store-uri")).to_be_visible()
    expect(view.locator(".hold-out canvas")).to_be_visible()
    weekdays = view.get_by_role("region", name="Error by weekday")
    assert weekdays.get_by_role("row").count() in (7, 8)  # few stores open on Sundays
    stores = view.get_by_role("region", name="Error by store")
    shares = [float(cell.split(" ")[0]) for cell in stores.locator("td:nth-child(2)").all_inner_texts()]
    assert len(shares) > 1
    assert shares == sorted(shares, reverse=True)
    measured = stack.model["metrics"]["rmspe"]
    expect(view.get_by_text(f"{measured:.{2 if measured < 0.1 else 1}%}".replace("%", " %")).first).to_be_visible()
    taken = browsers.screenshot(page, "model")
    if not PICTURE.exists():  # to take it anew: delete it
        shutil.copy(taken, PICTURE)


@contextmanager
def _tracked(stack: Stack, command: str) -> Iterator[None]:
    """The tracking server that a command starts is the stack's, as in containers, until the block ends."""
    (port,) = ports.free_ports(1)
    server = psutil.Popen([*shlex.split(command), "--port", str(port)], cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        poll(lambda: not processes.port_is_free(port), "the tracking server", 120)
        dataclasses.replace(stack, mlflow_port=port).save()
        yield
    finally:
        stack.save()
        processes.end_all([*server.children(recursive=True), server])


def test_the_run_in_mlflow(page: Page, served: pages.Page, stack: Stack) -> None:
    command = _opened(page, served).get_by_text("mlflow ui --backend-store-uri").inner_text()
    with _tracked(stack, command):
        page.reload()
        link = _opened(page, served).get_by_role("link", name="open the run")
        with page.context.expect_page() as opened:
            link.click()
        expect(opened.value.get_by_text(stack.run_id).first).to_be_visible()
        browsers.screenshot(opened.value, "model-mlflow")


def test_the_plot_can_be_read_as_a_table_and_shows_one_store(
    page: Page, served: pages.Page, stack: Stack, clients: Clients
) -> None:
    held = _evaluation(clients, stack).hold_out
    assert held is not None
    view, store = _opened(page, served), stack.model["stores"][0]
    view.get_by_text("Values of the plot").click()
    values = view.get_by_role("region", name="Actual and predicted sales: means")
    expect(values.get_by_role("row")).to_have_count(len(set(held.time)) + 1)  # and the heads
    rows = values.locator("tbody td:nth-child(2)")
    expect(rows.first).not_to_have_text("1")
    view.get_by_label("Shown").select_option(label=f"store {store}")
    expect(rows.first).to_have_text("1")
    assert set(rows.all_inner_texts()) == {"1"}
    expect(view.locator(".hold-out .unseen")).to_contain_text("On average")


def test_drift_of_events_that_all_look_alike(page: Page, served: pages.Page, stack: Stack, clients: Clients) -> None:
    store, day = stack.model["stores"][0], stack.model["date_range"][1]
    alike = {"sales_input": {"date": day, "store": store, "promo": 1, "holiday": 0}}
    records = [(json.dumps({**alike, "sales_id": f"alike-{number}"}).encode(), str(number)) for number in range(LAST)]
    list(streams.put(clients.kinesis, stack.resources.source_stream, records))
    view = _opened(page, served)
    verdicts = view.get_by_role("region", name="Population stability index")
    for name in ("store", "promo", "weekday"):
        expect(verdicts.get_by_role("row", name=re.compile(f"^{name} ")).get_by_text("large drift")).to_be_visible()
    expect(verdicts.get_by_role("row", name=re.compile("^holiday ")).get_by_text("stable")).to_be_visible()
    predictions = verdicts.get_by_role("row", name=re.compile("^prediction: sales "))

    def drifted() -> bool:
        view.get_by_role("button", name="Refresh the drift").click()
        expect(page.locator("[aria-busy]")).to_have_count(0)
        return predictions.get_by_text("large drift").count() == 1

    assert poll(drifted, "the answers' drift", 60)
    view.locator("details", has_text="promo").locator("summary").click()
    expect(view.get_by_role("region", name="Shares of promo").get_by_text("100.0 %")).to_be_visible()
    assert browsers.accessibility_problems(page) == []
    browsers.screenshot(page, "model-drift")


def test_events_as_in_training_have_not_drifted(page: Page, served: pages.Page, stack: Stack, clients: Clients) -> None:
    records = list(_like_training(_evaluation(clients, stack), random.Random(5)))
    list(streams.put(clients.kinesis, stack.resources.source_stream, records))
    view = _opened(page, served)
    verdicts = view.get_by_role("region", name="Population stability index")
    for name in ("store", "promo", "holiday", "weekday"):
        expect(verdicts.get_by_role("row", name=re.compile(f"^{name} ")).get_by_text("stable")).to_be_visible()


def _like_training(known: evaluation.Evaluation, chance: random.Random) -> Iterator[tuple[bytes, str]]:
    """Yield events whose dates and stores are those of the hold-out, with promotions and holidays as in training."""
    held, counts = known.hold_out, {each.name: each.counts for each in known.training.features}
    assert held is not None
    for number in range(LAST):
        row = chance.randrange(len(held.actual))
        entry = {"date": held.time[row], "store": held.groups["store"][row]}
        for name in ("promo", "holiday"):
            shares = counts[name]
            assert isinstance(shares, dict)
            entry[name] = int(*chance.choices(list(shares), list(shares.values())))
        yield json.dumps({"sales_input": entry, "sales_id": number}).encode(), str(number)


@contextmanager
def _evaluation_replaced(clients: Clients, stack: Stack, content: bytes | None) -> Iterator[None]:
    """The model's evaluation has other content, or is missing, until the block ends."""
    bucket, key = stack.outputs["model_bucket"], f"{stack.model['model_key']}/{evaluation.FILE}"
    before = clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    clients.s3.delete_object(Bucket=bucket, Key=key)
    try:
        if content is not None:
            clients.s3.put_object(Bucket=bucket, Key=key, Body=content)
        yield
    finally:
        clients.s3.put_object(Bucket=bucket, Key=key, Body=before)


def test_a_model_without_an_evaluation_has_a_view_too(
    page: Page, served: pages.Page, stack: Stack, clients: Clients
) -> None:
    with _evaluation_replaced(clients, stack, None):
        view = _opened(page, served)
        expect(view.get_by_text("No evaluation", exact=True)).to_be_visible()
        expect(view.get_by_text("Nothing to compare with")).to_be_visible()
        expect(view.get_by_text("No shadow model", exact=True)).to_be_visible()
        expect(view.get_by_role("cell", name="rmspe", exact=True)).to_be_visible()
        browsers.screenshot(page, "model-empty")


def test_an_unusable_evaluation_says_why(page: Page, served: pages.Page, stack: Stack, clients: Clients) -> None:
    with _evaluation_replaced(clients, stack, b'{"format": 1}'):
        view = _opened(page, served)
        expect(view.get_by_role("alert").first).to_contain_text("target: Field required")
        expect(view.get_by_role("alert").first).to_contain_text("docs/model.md")
        expect(view.get_by_text(stack.run_id).first).to_be_visible()


@pytest.fixture
def shadowed(stack: Stack, clients: Clients) -> Iterator[None]:
    """The live model once more, as a shadow under another run id. test_shadow.py has one that differs."""
    s3, bucket, folder = clients.s3, stack.outputs["model_bucket"], stack.model["model_key"]
    copies = []
    for found in s3.list_objects_v2(Bucket=bucket, Prefix=f"{folder}/")["Contents"]:
        copies.append(f"9/{SHADOW}/artifacts/model/{found['Key'].removeprefix(f'{folder}/')}")
        s3.copy_object(Bucket=bucket, Key=copies[-1], CopySource={"Bucket": bucket, "Key": found["Key"]})
    with live.changed_function(stack, SHADOW_RUN_ID=SHADOW):
        yield
    for key in copies:
        s3.delete_object(Bucket=bucket, Key=key)


@pytest.mark.usefixtures("shadowed")
def test_a_shadow_against_the_live_model(page: Page, served: pages.Page, stack: Stack, clients: Clients) -> None:
    list(streams.put(clients.kinesis, stack.resources.source_stream, events.made_up(stack, 200, seed=3)))
    view = _opened(page, served)

    def compared() -> bool:
        view.get_by_role("button", name="Refresh the shadow model").click()
        expect(page.locator("[aria-busy]")).to_have_count(0)
        return view.get_by_text(re.compile(r"^[1-9][\d,]* events? in \d+ batch")).count() == 1

    assert poll(compared, "the shadow's comparison", 90)
    expect(view.get_by_text(SHADOW).first).to_be_visible()
    expect(view.locator("div", has=page.get_by_text("mean difference", exact=True)).last).to_contain_text("0.00 %")
    errors = view.get_by_role("region", name="Errors of both models on their hold-outs").get_by_role("row")
    cells = [errors.nth(number).locator("td").all_inner_texts()[1:] for number in (1, 2)]
    assert cells[0] == cells[1]
    assert browsers.accessibility_problems(page) == []
    browsers.screenshot(page, "model-shadow")


def test_the_view_by_keyboard(page: Page, served: pages.Page) -> None:
    view = _opened(page, served)
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "SELECT":
            break
    expect(view.get_by_label("Shown")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(view.get_by_label("Shown")).to_have_value("0")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the values of the plot
    expect(view.get_by_role("region", name="Actual and predicted sales: means")).to_be_visible()


def _evaluation(clients: Clients, stack: Stack) -> evaluation.Evaluation:
    found = evaluation.read(clients.s3, stack.resources.model_bucket or "", stack.model["model_key"])
    assert found is not None
    return found
