"""The end-to-end suite's own stack: LocalStack on free ports with the same Terraform, independent of other stacks."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from _pytest._code.code import ExceptionRepr

from harness import failed, streams
from harness.local import lifecycle
from harness.local import page as pages
from harness.machine.waiting import poll
from harness.stack import denials
from harness.stack.clients import Clients
from harness.stack.state import DOCKER, Stack
from integration_tests import planted, starting

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FOLDER = Path(__file__).parent
# Per test. The first test's time includes the start of the stack, which concurrent suites slow down.
SECONDS = 900


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """A pipeline that has answered the sample event."""
    lifecycle.remove_abandoned("e2e")
    name = starting.name()
    try:
        with planted.environment():  # the starting user has secrets; test_secrets looks for them
            started = starting.start(name)
        yield started
    finally:
        if not starting.KEEP:
            lifecycle.down(name)


@pytest.fixture(scope="session")
def clients(stack: Stack) -> Clients:
    """AWS clients of the stack."""
    return Clients(stack)


@pytest.fixture
def failed_of(stack: Stack, clients: Clients) -> Callable[[set[str]], list[failed.Failed]]:
    """The events with the given event ids that are currently in the failed-events bucket."""
    bucket = stack.outputs["failed_events_bucket"]
    return lambda ids: [event for event in failed.read(clients.s3, bucket) if event.event_id in ids]


@pytest.fixture
def redrive(stack: Stack, clients: Clients) -> Callable[[list[tuple[bytes, str]]], None]:
    """Redrives the failed events and waits until each of the given records is predicted."""

    def run(records: list[tuple[bytes, str]]) -> None:
        reader = streams.Reader(clients.kinesis, stack.outputs["predictions_stream_name"], "LATEST")
        failed.redrive(stack)
        wanted = {json.loads(data)["sales_id"] for data, _ in records}
        predicted: set[str] = set()

        def all_predicted() -> bool:
            predicted.update(json.loads(read.data)["prediction"]["sales_id"] for read in reader.read())
            return wanted <= predicted

        assert poll(all_predicted, "the redriven predictions")

    return run


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """This machine's browser."""
    from integration_tests import browser as browsers  # imports Playwright, which most tests do without

    with browsers.started() as found:
        yield found


@pytest.fixture(scope="module")
def served(browser: Browser, stack: Stack) -> Iterator[pages.Page]:
    """The page's server for the suite's stack."""
    if stack.runtime == DOCKER:
        pytest.skip("the page is the same: the suite without containers drives it")
    yield pages.start(stack)
    pages.stop(stack.name)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab, whose errors fail the test."""
    from integration_tests import browser as browsers

    with browsers.tab(browser) as found:
        yield found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds the requests that IAM refused to each failure."""
    report = yield
    used = getattr(item, "funcargs", {}).get("stack")
    if report.failed and isinstance(used, Stack) and (refused := denials.summary(used)):
        if isinstance(report.longrepr, ExceptionRepr):
            report.longrepr.addsection("what IAM refused", refused)  # the JUnit report has no other sections
        else:
            report.sections.append(("what IAM refused", refused))
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Orders the tests, and refuses those that do not state where they are valid."""
    items.sort(key=_turn)
    for item in items:
        if item.path.is_relative_to(FOLDER) and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SECONDS))
        if item.get_closest_marker("own_stacks") and not item.get_closest_marker("long_proof"):
            raise pytest.UsageError(
                f"{item.nodeid}: only long proofs may start their own stacks; `make test` has one stack"
            )
        valid = [item.get_closest_marker(name) for name in ("aws_valid", "local_only")]
        if item.path.is_relative_to(FOLDER) and len([mark for mark in valid if mark]) != 1:
            raise pytest.UsageError(f"{item.nodeid}: needs exactly one of the markers aws_valid and local_only")


def _turn(item: pytest.Item) -> int:
    """Tests with their own stacks come first, and the one that destroys the suite's stack last."""
    if item.get_closest_marker("destroys_stack"):
        return 3
    if item.get_closest_marker("own_stacks"):
        return 1 if item.get_closest_marker("after_others") else 0
    return 2
