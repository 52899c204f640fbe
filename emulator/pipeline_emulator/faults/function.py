"""Faults of an event source mapping's invocations, and of a function's runtime while it has an event."""

import asyncio
from dataclasses import dataclass

from pipeline_emulator.event_source.settings import MappingSettings
from pipeline_emulator.faults.rules import FAULTS, FUNCTION, Rule
from pipeline_emulator.lambda_runtime.invocation import Answer, Invocation
from pipeline_emulator.lambda_runtime.runtime import Exit, Runtime
from pipeline_emulator.lambda_runtime.session import Session

ENDS = ("crash", "out-of-memory")
_TAKEN_SECONDS = 0.0005  # between two looks


def refuse_invocation(mapping: MappingSettings) -> str | None:
    """Return the error that an invocation by the mapping is refused with, or None."""
    rule = FAULTS.strike(FUNCTION, "error", resource=mapping.function_arn)
    return rule.code if rule else None


def lose_answer(mapping: MappingSettings) -> bool | None:
    """Return whether the answer to an invocation by the mapping gets lost."""
    return FAULTS.strike(FUNCTION, "lose-answer", resource=mapping.function_arn) is not None or None


def disturb_event(invocation: Invocation) -> "RuntimeFault | None":
    """Return what strikes the runtime that gets this event, or None."""
    if not FAULTS.active:
        return None
    content = invocation.payload.decode(errors="replace")
    effects = (*ENDS, "timeout", "slow")
    rule = FAULTS.strike(FUNCTION, *effects, resource=invocation.function_arn, content=content)
    return RuntimeFault(rule) if rule else None


@dataclass(frozen=True)
class RuntimeFault:
    """What a rule does to a runtime while it has an event."""

    rule: Rule

    async def before(self, runtime: Runtime) -> bool:
        """Let the runtime die of an event before it can do anything with it, if the rule says so."""
        if self.rule.effect not in ENDS or self.rule.seconds:
            return False
        await _end(self.rule, runtime)
        return True

    async def during(
        self, runtime: Runtime, session: Session, answer: asyncio.Future[Answer], deadline: float
    ) -> float:
        """Do to the runtime what the rule says; its event lies ready.

        A crash that would come after the answer does not come, and none before the runtime has taken the event: that
        would be an environment's end between two events, after which another one gets it.

        Args:
            runtime: what runs the function.
            session: knows whether the event was taken.
            answer: the function's, once there is one.
            deadline: in the event loop's time.

        Returns:
            The deadline, brought forward by a `timeout`.
        """
        now = asyncio.get_running_loop().time()
        match self.rule.effect:
            case "timeout":
                return min(deadline, now + self.rule.seconds)
            case "slow":
                await _until(answer, runtime.exited, deadline - now)
                await asyncio.sleep(min(self.rule.seconds, max(0.0, deadline - asyncio.get_running_loop().time())))
            case effect if effect in ENDS:
                while not session.taken and not runtime.exited.done() and asyncio.get_running_loop().time() < deadline:
                    await asyncio.sleep(_TAKEN_SECONDS)
                await _until(answer, runtime.exited, min(self.rule.seconds, deadline - now))
                if not answer.done():
                    await _end(self.rule, runtime)
        return deadline


async def _end(rule: Rule, runtime: Runtime) -> None:
    await (runtime.kill() if rule.effect == "crash" else runtime.exhaust_memory())


async def _until(answer: asyncio.Future[Answer], exited: asyncio.Future[Exit], seconds: float) -> None:
    futures: set[asyncio.Future[Answer] | asyncio.Future[Exit]] = {answer, exited}
    await asyncio.wait(futures, timeout=max(0.0, seconds), return_when=asyncio.FIRST_COMPLETED)
