"""What a snapshot's pickles bring back."""

import queue
import threading
from collections import defaultdict
from typing import Any

import pytest
from localstack.state import pickle

from pipeline_emulator.lambda_runtime.variable_keys import Variables
from pipeline_emulator.snapshots import pickles

pytestmark = pytest.mark.local_only


@pytest.fixture(autouse=True)
def _installed() -> None:
    pickles.install()


def copied(found: Any) -> Any:
    return pickle.loads(pickle.dumps(found))


class Parameters(defaultdict[str, list[int]]):
    """A dictionary with a constructor of its own, as moto's of SSM."""

    def __init__(self, account: str, region: str) -> None:
        super().__init__(list)
        self.account, self.region = account, region


def test_a_dictionary_with_a_default_comes_back_with_its_attributes() -> None:
    found = Parameters("account", "region")
    found["a"].append(1)
    copy = copied(found)
    assert (type(copy), dict(copy), copy.account, copy.region) == (Parameters, {"a": [1]}, "account", "region")
    assert copy["new"] == []
    assert copied(defaultdict(int, a=1)) == {"a": 1}


def test_variables_come_back_with_their_key() -> None:
    copy = copied(Variables({"NAME": "value"}, "key"))
    assert (type(copy), dict(copy), copy.key) == (Variables, {"NAME": "value"}, "key")


def test_a_dictionary_that_holds_itself_comes_back() -> None:
    found: Any = defaultdict(list)
    found["self"] = found
    copy = copied(found)
    assert copy["self"] is copy


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("kind", [threading.Lock, threading.RLock])
def test_a_lock_comes_back_free(kind: Any, held: bool) -> None:
    lock = kind()
    if held:
        lock.acquire()
    copy = copied(lock)
    assert copy.acquire(blocking=False)
    copy.release()


def test_a_queue_comes_back_with_what_it_holds() -> None:
    found: queue.PriorityQueue[int] = queue.PriorityQueue()
    found.put(2)
    found.put(1)
    copy = copied(found)
    assert [copy.get(timeout=1), copy.get(timeout=1)] == [1, 2]
    copy.put(3)
    assert copy.get(timeout=1) == 3


def test_an_event_comes_back_as_it_was() -> None:
    event = threading.Event()
    event.set()
    assert copied(event).is_set()
    assert not copied(threading.Event()).wait(0.01)
