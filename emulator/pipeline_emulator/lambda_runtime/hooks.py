"""What observers can learn of a function's environments, and do to them."""

import asyncio
from typing import Protocol

from pipeline_emulator.hooks import Event, Question
from pipeline_emulator.lambda_runtime.invocation import Answer, Invocation
from pipeline_emulator.lambda_runtime.runtime import Runtime
from pipeline_emulator.lambda_runtime.session import Session


class Disturbance(Protocol):
    """What happens to a runtime while it has one event."""

    async def before(self, runtime: Runtime) -> bool:
        """Act before the runtime can take the event; true when the runtime has died of it."""

    async def during(
        self, runtime: Runtime, session: Session, answer: asyncio.Future[Answer], deadline: float
    ) -> float:
        """Act while the event lies ready or is worked on; returns the deadline from now on."""


event_finished: Event[str, str, float] = Event()
"""A function (its ARN as it was invoked, the version that ran) has taken so many milliseconds for an event."""

disturb_event: Question[[Invocation], Disturbance] = Question()
"""What is to happen to the runtime that gets this event."""
