"""The clock of an environment stands still while a debugger is attached, and so does the age of waiting records."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from pipeline_emulator.lambda_runtime.clock import Clock
from pipeline_emulator.lambda_runtime.debugging.pauses import Pauses

pytestmark = pytest.mark.local_only


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def within() -> None:
        async with asyncio.timeout(20):
            await test()

    asyncio.run(within())


def test_a_running_clock_ends_a_wait_at_its_deadline() -> None:
    async def test() -> None:
        clock = Clock()
        began = clock.now()
        await clock.wait([asyncio.get_running_loop().create_future()], began + 0.05)
        assert 0.05 <= clock.now() - began < 5
        assert clock.left(began + 1) < 1

    run(test)


def test_a_clock_that_stands_still_ends_no_wait() -> None:
    async def test() -> None:
        clock, never = Clock(stopped=True), asyncio.get_running_loop().create_future()
        began = clock.now()
        waiting = asyncio.create_task(clock.wait([never], began + 0.1))
        await asyncio.wait({waiting}, timeout=0.5)
        assert not waiting.done()
        assert clock.now() == began
        assert clock.left(began + 0.1) > 1000
        # WHEN it goes on THEN the deadline comes after the time that was left
        clock.resume()
        assert clock.now() - began < 0.1
        await waiting
        assert clock.now() - began >= 0.1

    run(test)


def test_an_answer_ends_a_wait_although_the_clock_stands_still() -> None:
    async def test() -> None:
        clock, answer = Clock(stopped=True), asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(0.05, answer.set_result, None)
        await clock.wait([answer], clock.now())
        assert answer.done()

    run(test)


def test_pauses_count_from_a_moment_on(monkeypatch: pytest.MonkeyPatch) -> None:
    now, found = 100.0, Pauses()
    monkeypatch.setattr(time, "time", lambda: now)
    assert found.since("one", 0) == 0
    found.begin("one")
    now = 110.0
    assert (found.since("one", 0), found.since("one", 104), found.since("other", 0)) == (10, 6, 0)
    found.end("one")
    now = 200.0
    assert (found.since("one", 0), found.since("one", 108), found.since("one", 150)) == (10, 2, 0)
    found.begin("one")
    now = 205.0
    assert (found.since("one", 0), found.since("one", 150)) == (15, 5)
