"""Garbage is collected when LocalStack rests, and only then."""

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pipeline_emulator import memory_at_rest
from pipeline_emulator.memory_at_rest import Watch

pytestmark = pytest.mark.local_only


def test_it_is_time_once_after_much_was_made() -> None:
    watch = Watch()
    answers = [watch.is_time(made) for made in (100_000, 180_000, 180_500, 181_000, 182_000)]
    assert answers == [False, False, True, False, False]


def test_little_work_is_not_worth_a_collection() -> None:
    watch = Watch()
    assert [watch.is_time(made) for made in (100, 200)] == [True, False]
    assert [watch.is_time(made) for made in (15_000, 15_100)] == [False, False]
    assert [watch.is_time(made) for made in (30_000, 30_100)] == [False, True]


def test_under_load_it_is_never_time() -> None:
    watch = Watch()
    assert not any(watch.is_time(made) for made in range(10_000, 1_000_000, 3_000))


class _Node:
    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def without_collections() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def test_cycles_are_freed(without_collections: None, eventually: Callable[..., Any]) -> None:
    stop = threading.Event()
    node = weakref.ref(_Node())
    assert node() is not None
    thread = memory_at_rest.start(0.05, stop)
    try:
        eventually(lambda: node() is None, "a collection")
    finally:
        stop.set()
        thread.join(timeout=10)
