"""The pause: what is under way ends, what begins waits, and nothing is held for ever."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from pipeline_emulator.pause import Pause, StillBusyError

pytestmark = pytest.mark.local_only


def begun(work: Callable[[], Any]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_a_request_of_a_batch_is_served_before_clients_are_held(eventually: Callable[..., Any]) -> None:
    # GIVEN a batch under way, whose function is about to send a request
    pause, go, steps = Pause(), threading.Event(), list[str]()

    def batch() -> None:
        with pause.batch():
            go.wait(10)
            with pause.request("kinesis:PutRecords", internal=False):
                steps.append("request")

    working = begun(batch)
    eventually(lambda: pause._under_way.total(), "the batch begins")

    # WHEN everything is to rest
    def rest() -> None:
        with pause.everything(10):
            steps.append("rest")

    resting = begun(rest)
    go.set()
    # THEN the request is served, and then comes the rest
    resting.join(10)
    working.join(10)
    assert steps == ["request", "rest"]


def test_a_service_may_send_requests_while_it_handles_a_client_s(eventually: Callable[..., Any]) -> None:
    pause, go, steps = Pause(), threading.Event(), list[str]()

    def client() -> None:
        with pause.request("s3:PutObject", internal=False):
            go.wait(10)
            with pause.request("sqs:SendMessage", internal=True):
                steps.append("internal")

    handling = begun(client)
    eventually(lambda: pause._under_way.total(), "the request begins")

    def rest() -> None:
        with pause.everything(10):
            steps.append("rest")

    resting = begun(rest)
    eventually(lambda: pause.holds_clients, "clients are held")
    go.set()
    resting.join(10)
    handling.join(10)
    assert steps == ["internal", "rest"]


@pytest.mark.parametrize("internal", [True, False])
def test_what_begins_during_the_rest_goes_on_after_it(internal: bool) -> None:
    pause, steps = Pause(), list[str]()

    def request() -> None:
        with pause.request("s3:GetObject", internal=internal):
            steps.append("request")

    with pause.everything(10):
        waiting = begun(request)
        waiting.join(0.2)
        steps.append("rest")
    waiting.join(10)
    assert steps == ["rest", "request"]


def test_a_batch_that_does_not_end_is_named_and_nothing_stays_held(eventually: Callable[..., Any]) -> None:
    pause, go = Pause(), threading.Event()

    def batch() -> None:
        with pause.batch():
            go.wait(10)

    working = begun(batch)
    eventually(lambda: pause._under_way.total(), "the batch begins")
    with pytest.raises(StillBusyError, match="batches"), pause.everything(0.1):
        pytest.fail("it rests with a batch under way")
    with pause.request("kinesis:PutRecords", internal=False):
        go.set()
    working.join(10)


def test_requests_that_wait_for_others_are_not_waited_for(eventually: Callable[..., Any]) -> None:
    pause, go, inside = Pause(), threading.Event(), threading.Event()

    def receive() -> None:
        with pause.request("sqs:ReceiveMessage", internal=False):
            inside.set()
            go.wait(10)

    waiting = begun(receive)
    inside.wait(10)
    with pause.everything(1):
        pass
    go.set()
    waiting.join(10)
