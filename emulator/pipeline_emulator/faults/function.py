"""Faults in an event source mapping's invocations and in a function's runtime during an event."""

import asyncio
from dataclasses import dataclass

from pipeline_emulator.event_source.settings import MappingSettings
from pipeline_emulator.faults.rules import FAULTS, FUNCTION, Rule
from pipeline_emulator.lambda_runtime.invocation import Answer, Invocation
from pipeline_emulator.lambda_runtime.runtime import Exit, Runtime
from pipeline_emulator.lambda_runtime.session import Session

DEADLY = ("crash", "out-of-memory")
_POLL_SECONDS = 0.0005


def refuse_invocation(mapping: MappingSettings) -> str | None:
    """Return the error code with which an invocation by the mapping is refused, or None."""
    rule = FAULTS.strike(FUNCTION, "error", resource=mapping.function_arn)
    return rule.code if rule else None


def lose_answer(mapping: MappingSettings) -> bool | None:
    """Return True if the answer to an invocation by the mapping is lost, else None."""
    return FAULTS.strike(FUNCTION, "lose-answer", resource=mapping.function_arn) is not None or None


def choose_fault(invocation: Invocation) -> "RuntimeFault | None":
    """Return the fault that strikes the runtime that gets this event, or None."""
    if not FAULTS.active:
        return None
    content = invocation.payload.decode(errors="replace")
    effects = (*DEADLY, "timeout", "slow")
    rule = FAULTS.strike(FUNCTION, *effects, resource=invocation.function_arn, content=content)
    return RuntimeFault(rule) if rule else None


@dataclass(frozen=True)
class RuntimeFault:
    """What a rule does to a runtime during an event."""

    rule: Rule

    async def before(self, runtime: Runtime) -> bool:
        """Kill the runtime before it can take the event, if the rule says so. Return whether it was killed."""
        if self.rule.effect not in DEADLY or self.rule.seconds:
            return False
        await _kill(self.rule, runtime)
        return True

    async def during(
        self, runtime: Runtime, session: Session, answer: asyncio.Future[Answer], deadline: float
    ) -> float:
        """Apply the rule to the runtime, which has been offered the event.

        A crash happens only between the runtime taking the event and its answer. If the runtime died before it took
        the event, another environment would get it.

        Args:
            runtime: runs the function.
            session: knows whether the event was taken.
            answer: the function's answer, when it comes.
            deadline: in the event loop's time.

        Returns:
            The deadline; a `timeout` brings it forward.
        """
        now = asyncio.get_running_loop().time()
        match self.rule.effect:
            case "timeout":
                return min(deadline, now + self.rule.seconds)
            case "slow":
                await _wait_for_end(answer, runtime.exited, deadline - now)
                await asyncio.sleep(min(self.rule.seconds, max(0.0, deadline - asyncio.get_running_loop().time())))
            case effect if effect in DEADLY:
                while not session.taken and not runtime.exited.done() and asyncio.get_running_loop().time() < deadline:
                    await asyncio.sleep(_POLL_SECONDS)
                await _wait_for_end(answer, runtime.exited, min(self.rule.seconds, deadline - now))
                if not answer.done():
                    await _kill(self.rule, runtime)
        return deadline


async def _kill(rule: Rule, runtime: Runtime) -> None:
    await (runtime.kill() if rule.effect == "crash" else runtime.exhaust_memory())


async def _wait_for_end(answer: asyncio.Future[Answer], exited: asyncio.Future[Exit], seconds: float) -> None:
    futures: set[asyncio.Future[Answer] | asyncio.Future[Exit]] = {answer, exited}
    await asyncio.wait(futures, timeout=max(0.0, seconds), return_when=asyncio.FIRST_COMPLETED)
