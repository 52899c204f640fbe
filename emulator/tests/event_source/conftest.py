"""The conformance suite's scenes (benchmarks/conformance/suite) on the emulator's own LocalStacks."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conformance.resources import create_journal
from conformance.scene import Scene, opened
from conformance.target import Target


@pytest.fixture
def scene(localstack: Any) -> Iterator[Scene]:
    """A scene with a function of its own, still without a stream."""
    with opened(Target(localstack.endpoint_url)) as scene:
        yield scene


@pytest.fixture
def make_scene() -> Callable[[Any], Scene]:
    """Makes a scene on another LocalStack, with which it goes."""

    def make(localstack: Any) -> Scene:
        target = Target(localstack.endpoint_url)
        return Scene(target, create_journal(target))

    return make
