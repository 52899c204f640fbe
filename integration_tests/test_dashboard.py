"""The page of `pipeline dashboard` in a real browser, beside a real stack."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect

from harness import events, streams
from harness.local import localstack
from harness.local import page as pages
from harness.machine import ports
from harness.paths import ROOT
from harness.stack import emulator_faults, live
from harness.stack.clients import Clients
from harness.stack.state import EMBEDDED, Stack
from integration_tests import browser as browsers

pytestmark = [pytest.mark.local_only, pytest.mark.long_proof]

VIEWS = ("pipeline", "event", "failed", "function", "resources", "denials", "faults", "model")
PATHS = (
    *("stack", "events?id=1", "failed", "function", "log", "resources", "denials", "faults"),
    *("model", "model/hold-out", "model/drift", "model/shadow"),
)
MIB = 2**20
JOURNAL = 10  # MiB, when it is full: docs/decisions/2026-11-29-dashboard.md
PICTURE = ROOT / "docs" / "images" / "dashboard.png"


def test_an_event_is_sent_and_followed(page: Page, served: pages.Page) -> None:
    page.goto(f"{served.url}/#/event")
    page.get_by_label("store", exact=True).fill("3")
    page.get_by_role("button", name="Send").click()
    way = page.locator(".way")
    expect(way).to_have_attribute("data-state", "answered")
    expect(way.get_by_role("heading", name="Put")).to_be_visible()
    expect(way.get_by_role("heading", name="Attempt 1: succeeded")).to_be_visible()
    expect(way.get_by_text("sales_prediction")).to_be_visible()
    expect(way.get_by_text(re.compile("Log, [0-9]+ lines"))).to_be_visible()
    way.get_by_text(re.compile("IAM, ")).click()
    expect(way.get_by_role("cell", name="kinesis:PutRecords")).to_be_visible()
    browsers.screenshot(page, "event")
    own_id = way.get_by_role("heading", level=2).locator("code").inner_text()
    page.get_by_label("Id", exact=True).fill(own_id)  # the event's own id finds it, too
    page.get_by_role("button", name="Look up").click()
    expect(page.locator(".way .event-id")).to_contain_text("shardId-")
    page.get_by_label("Id", exact=True).fill("nobody-has-this")
    page.get_by_role("button", name="Look up").click()
    expect(page.get_by_text("No such event")).to_be_visible()


def test_live_numbers(page: Page, served: pages.Page, stack: Stack, clients: Clients) -> None:
    page.goto(served.url)
    list(streams.put(clients.kinesis, stack.resources.source_stream, events.made_up(stack, 400), rate=100))
    expect(page.locator(".output dd")).to_have_text(re.compile("^[1-9]"))
    expect(page.locator("#value-function")).to_contain_text("ms")
    expect(page.get_by_role("heading", name="Latency of an event")).to_be_visible()
    taken = browsers.screenshot(page, "pipeline")
    if not PICTURE.exists():  # to take it anew: delete it
        PICTURE.parent.mkdir(exist_ok=True)
        shutil.copy(taken, PICTURE)


@pytest.fixture
def faults_end(stack: Stack) -> Iterator[None]:
    """No fault outlives the test."""
    yield
    emulator_faults.request(stack, "DELETE")


@pytest.mark.usefixtures("faults_end")
def test_an_event_under_a_fault_is_given_up_and_redriven(page: Page, served: pages.Page) -> None:
    page.goto(f"{served.url}/#/faults")
    fault = page.get_by_role("switch", name="crash function")
    fault.click()
    expect(fault).to_have_attribute("aria-checked", "true")
    page.goto(f"{served.url}/#/event")
    page.get_by_role("button", name="Send").click()
    way = page.locator(".way")
    expect(way).to_have_attribute("data-state", "failed", timeout=60_000)
    event_id = way.locator(".event-id").inner_text()
    expect(way.get_by_role("heading", name="Attempt 4: failed")).to_be_visible()
    expect(way.get_by_text("RetryAttemptsExhausted").first).to_be_visible()
    browsers.screenshot(page, "given-up")
    page.goto(f"{served.url}/#/faults")
    expect(page.get_by_text(re.compile("struck [1-9]"))).to_be_visible()
    browsers.screenshot(page, "faults")
    fault.click()
    expect(fault).to_have_attribute("aria-checked", "false")
    page.goto(f"{served.url}/#/failed")
    browsers.screenshot(page, "failed")
    page.get_by_role("button", name=f"Redrive {event_id}").click()
    expect(page.get_by_text(re.compile("[0-9]+ events? put back"))).to_be_visible()
    expect(page.get_by_text(event_id)).to_have_count(0)


def test_an_invalid_event_shows_its_reason_at_once(page: Page, served: pages.Page) -> None:
    page.goto(f"{served.url}/#/event")
    page.get_by_role("button", name="JSON").click()
    page.get_by_label("Event", exact=True).fill('{"<b>": "not an event", "sales_id": "as-text"}')
    page.get_by_role("button", name="Send").click()
    way = page.locator(".way")
    expect(way).to_have_attribute("data-state", "failed")
    expect(way.get_by_text("the function, as an invalid event")).to_be_visible()
    expect(way.locator("pre").first).to_contain_text('"<b>"')  # text, never markup
    page.get_by_label("Id", exact=True).fill("as-text")
    page.get_by_role("button", name="Look up").click()
    expect(page.locator(".way h2 code").first).to_have_text("as-text")


def test_keyboard_alone(page: Page, served: pages.Page) -> None:
    page.goto(f"{served.url}/#/pipeline")
    expect(page.get_by_role("heading", name="Source stream")).to_be_visible()
    _tab_to(page, "An event's way")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    _tab_to(page, "Send")
    page.keyboard.press("Enter")
    expect(page.locator(".way")).to_have_attribute("data-state", "answered")
    page.goto(served.url)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the link that skips the views
    expect(page.locator("main")).to_be_focused()


def _tab_to(page: Page, name: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").strip() == name:
            return
    raise AssertionError(f"{name} cannot be reached with Tab")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [browsers.WIDE, browsers.NARROW], ids=["wide", "narrow"])
def test_every_view_is_accessible_and_fits(
    browser: Browser, served: pages.Page, scheme: Any, size: dict[str, int]
) -> None:
    context = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(browsers.PATIENCE)
    for view in VIEWS:
        page.goto(f"{served.url}/#/{view}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator(".loading")).to_have_count(0)
        assert page.locator("#view .notice.bad").count() == 0, page.locator("#view .notice.bad").all_inner_texts()
        assert page.evaluate("document.documentElement.scrollWidth") == size["width"], view
        assert browsers.accessibility_problems(page) == [], view
        browsers.screenshot(page, f"{view}-{size['width']}-{scheme}")
    context.close()


def test_page_and_stack_use_little_memory(served: pages.Page, stack: Stack) -> None:
    """What LocalStack needs for the page counts, too. The browser is the user's own."""
    process = stack.process()
    assert process is not None
    before = process.memory_full_info().uss
    for _ in range(5):
        for path in PATHS:
            assert _ask(served, "GET", f"/api/{path}")[0] == 200, path
    page = psutil.Process(served.pid).memory_full_info().uss
    more = max(0, process.memory_full_info().uss - before)
    print(f"page {page / MIB:.0f} MiB, LocalStack {more / MIB:.0f} MiB more")
    assert page + more + JOURNAL * MIB < 80 * MIB


def test_secrets_stay_on_the_server(served: pages.Page, stack: Stack) -> None:
    address = "postgres://user:very-secret@host/db"
    with live.changed_function(stack, API_TOKEN="very-secret", DATABASE=address, PLAIN="to be seen"):
        answer = _ask(served, "GET", "/api/function")[1]
    variables = json.loads(answer)["environment"]
    assert variables["PLAIN"] == {"value": "to be seen"}
    assert variables["API_TOKEN"] == variables["DATABASE"] == {"hidden": True}
    assert b"very-secret" not in answer


def test_requests_of_other_pages_are_refused(served: pages.Page) -> None:
    own, body = f"127.0.0.1:{served.port}", json.dumps({"event": "{}"})
    token = re.search(r'pipeline-token" content="([^"]+)"', _ask(served, "GET", "/")[1].decode())
    assert token
    right = {"X-Pipeline-Token": token[1]}
    assert _ask(served, "GET", "/api/stack")[0] == 200
    assert _ask(served, "GET", "/api/stack", Host="evil.example")[0] == 403
    assert _ask(served, "GET", "/api/stack", Origin="http://evil.example")[0] == 403
    assert _ask(served, "GET", "/api/stack", **{"Sec-Fetch-Site": "cross-site"})[0] == 403
    assert _ask(served, "POST", "/api/faults", body)[0] == 403
    assert _ask(served, "POST", "/api/faults", body, **{"X-Pipeline-Token": "guessed"})[0] == 403
    assert _ask(served, "POST", "/api/faults", body, **right, Origin="http://evil.example")[0] == 403
    assert _ask(served, "POST", "/api/faults", body, **right, Origin=f"http://{own}")[0] == 400  # no name
    listening = psutil.Process(served.pid).net_connections("tcp4")
    assert {each.laddr.ip for each in listening if each.status == "LISTEN"} == {"127.0.0.1"}


def _ask(served: pages.Page, method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.fixture
def lonely() -> Iterator[Stack]:
    """A LocalStack of its own that may be killed: two streams, and nothing else of the pipeline."""
    stack = Stack(f"page-{os.getpid()}", "page", ports.free_ports(1)[0], EMBEDDED)
    stack.folder.mkdir(parents=True)
    try:
        _start(stack)
        yield stack
    finally:
        pages.stop(stack.name)
        localstack.stop(stack)
        shutil.rmtree(stack.folder)


def _start(stack: Stack) -> None:
    localstack.start(stack)
    names = {"source_stream_name": "in", "predictions_stream_name": "out", "lambda_function": "function"}
    stack.outputs = names | {"failed_events_bucket": "failed", "model_bucket": "models"}
    clients = Clients(stack)
    for name in ("in", "out"):
        clients.kinesis.create_stream(StreamName=name, ShardCount=1)
        clients.kinesis.get_waiter("stream_exists").wait(StreamName=name)
    clients.s3.create_bucket(Bucket="failed", CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
    stack.ready = True
    stack.save()


def test_localstack_dies_while_the_page_is_open(page: Page, lonely: Stack) -> None:
    served = pages.start(lonely)
    page.goto(served.url)
    expect(page.get_by_text("No events yet")).to_be_visible()
    list(streams.put(Clients(lonely).kinesis, "in", [(b"{}", "key")] * 7))
    expect(page.locator(".source dd")).to_have_text("7")
    localstack.kill(lonely)
    localstack.reap(lonely)
    expect(page.get_by_role("alert")).to_contain_text("LocalStack has ended")
    expect(page.locator(".source dd")).to_have_text("7")  # the last numbers stay
    browsers.screenshot(page, "localstack-died")
    page.goto(f"{served.url}/#/failed")
    expect(page.locator("#view").get_by_role("alert")).to_contain_text("make local-up")
    _start(lonely)  # another LocalStack, on the same port
    expect(page.get_by_text("No failed events")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    pages.stop(lonely.name)
    expect(page.get_by_role("alert")).to_contain_text("server does not answer")
