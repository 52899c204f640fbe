"""Hooks of a function's execution environments."""

import asyncio
from typing import TYPE_CHECKING, Protocol

from pipeline_emulator.hooks import Event, Question
from pipeline_emulator.lambda_runtime.invocation import Answer, Invocation, Result
from pipeline_emulator.lambda_runtime.reports import Report
from pipeline_emulator.lambda_runtime.runtime import Runtime
from pipeline_emulator.lambda_runtime.session import Session

if TYPE_CHECKING:
    from localstack.services.lambda_.invocation.lambda_models import FunctionVersion


class Fault(Protocol):
    """An injected fault: what happens to a runtime during one event."""

    async def before(self, runtime: Runtime) -> bool:
        """Act before the runtime can take the event. Return whether the runtime has died."""

    async def during(
        self, runtime: Runtime, session: Session, answer: asyncio.Future[Answer], deadline: float
    ) -> float:
        """Act while the event is offered or processed. Return the new deadline."""


event_finished: Event[str, str, float] = Event()
"""A function has finished an event: its ARN as invoked, the version that ran, the duration in milliseconds."""

invocation_reported: Event[str, Report] = Event()
"""Lambda has written its report about an invocation: the function's ARN as invoked, and the report."""

choose_fault: Question[[Invocation], Fault] = Question()
"""Which fault strikes the runtime that gets this event."""

answer_elsewhere: "Question[[FunctionVersion, Invocation], Result]" = Question()
"""Passes an event to another environment than the function's own, and waits for its answer."""
