"""Faults of a function's runtime while it has an event."""

import asyncio

from pipeline_emulator.faults.rules import FAULTS, FUNCTION, Rule
from pipeline_emulator.lambda_runtime.model import Answer, Exit, Runtime
from pipeline_emulator.lambda_runtime.session import Session

ENDS = ("crash", "out-of-memory")
_TAKEN_SECONDS = 0.0005  # between two looks


def strike(function_arn: str, event: bytes) -> Rule | None:
    """Return the rule that strikes this event's runtime, or None."""
    if not FAULTS.active:
        return None
    content = event.decode(errors="replace")
    return FAULTS.strike(FUNCTION, *ENDS, "timeout", "slow", resource=function_arn, content=content)


async def kills_at_once(rule: Rule, runtime: Runtime) -> bool:
    """Let the runtime die of an event before it can do anything with it, if the rule says so."""
    if rule.effect not in ENDS or rule.seconds:
        return False
    await _end(rule, runtime)
    return True


async def disturb(
    rule: Rule, runtime: Runtime, session: Session, answer: asyncio.Future[Answer], deadline: float
) -> float:
    """Do to the runtime what the rule says; its event lies ready.

    A crash that would come after the answer does not come, and none before the runtime has taken the event: that would
    be an environment's end between two events, after which another one gets it.

    Args:
        rule: from `strike`.
        runtime: what runs the function.
        session: knows whether the event was taken.
        answer: the function's, once there is one.
        deadline: in the event loop's time.

    Returns:
        The deadline, brought forward by a `timeout`.
    """
    now = asyncio.get_running_loop().time()
    match rule.effect:
        case "timeout":
            return min(deadline, now + rule.seconds)
        case "slow":
            await _until(answer, runtime.exited, deadline - now)
            await asyncio.sleep(min(rule.seconds, max(0.0, deadline - asyncio.get_running_loop().time())))
        case effect if effect in ENDS:
            while not session.taken and not runtime.exited.done() and asyncio.get_running_loop().time() < deadline:
                await asyncio.sleep(_TAKEN_SECONDS)
            await _until(answer, runtime.exited, min(rule.seconds, deadline - now))
            if not answer.done():
                await _end(rule, runtime)
    return deadline


async def _end(rule: Rule, runtime: Runtime) -> None:
    await (runtime.kill() if rule.effect == "crash" else runtime.exhaust_memory())


async def _until(answer: asyncio.Future[Answer], exited: asyncio.Future[Exit], seconds: float) -> None:
    futures: set[asyncio.Future[Answer] | asyncio.Future[Exit]] = {answer, exited}
    await asyncio.wait(futures, timeout=max(0.0, seconds), return_when=asyncio.FIRST_COMPLETED)
