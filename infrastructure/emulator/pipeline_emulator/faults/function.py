"""Faults of a function's runtime while it has an event."""

import asyncio

from pipeline_emulator.faults.rules import FAULTS, FUNCTION, Rule
from pipeline_emulator.lambda_runtime.model import Answer, Exit, Runtime


def strike(function_arn: str) -> Rule | None:
    """Return the rule that strikes this event's runtime, or None."""
    return FAULTS.strike(FUNCTION, "crash", "out-of-memory", "timeout", "slow", resource=function_arn)


async def disturb(rule: Rule, runtime: Runtime, answer: asyncio.Future[Answer], deadline: float) -> float:
    """Do to the runtime what the rule says; it has just been given its event.

    A crash that would come after the answer does not come.

    Args:
        rule: from `strike`.
        runtime: what runs the function.
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
        case "crash" | "out-of-memory":
            await _until(answer, runtime.exited, min(rule.seconds, deadline - now))
            if not answer.done():
                await (runtime.kill() if rule.effect == "crash" else runtime.exhaust_memory())
    return deadline


async def _until(answer: asyncio.Future[Answer], exited: asyncio.Future[Exit], seconds: float) -> None:
    futures: set[asyncio.Future[Answer] | asyncio.Future[Exit]] = {answer, exited}
    await asyncio.wait(futures, timeout=max(0.0, seconds), return_when=asyncio.FIRST_COMPLETED)
