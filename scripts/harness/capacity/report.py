"""`pipeline capacity`: prints what a load needs, what the stage's settings carry, and which limit is met first."""

from __future__ import annotations

import dataclasses
import json
import math

from harness import markdown
from harness.capacity import limits, measured, plan
from harness.capacity.plan import Function, Load, Settings
from harness.cost import bill, planned, table
from harness.errors import HarnessError
from harness.pipeline import definition
from harness.pipeline.definition import Pipeline
from harness.stack import state as stacks

KEY_BYTES = table.KEY_BYTES


def run(rate: float, record_bytes: int | None, stage: str, duration_ms: float | None) -> None:
    """Print the answer for the current pipeline.

    Args:
        rate: events per second.
        record_bytes: of an event with its partition key; None takes the samples' mean.
        stage: with the Terraform settings.
        duration_ms: of an invocation with a full batch on a full core; None measures it on the running stack.

    Raises:
        HarnessError: there is no such stage, its streams are on demand, or nothing says how long the function takes.
    """
    pipeline = definition.current()
    configured = table.settings(stage) if pipeline.is_default else planned.settings(pipeline, stage)
    load = load_of(pipeline, rate, record_bytes)
    settings = Settings(
        configured.shards,
        configured.parallelization_factor,
        configured.batch_size,
        configured.memory_mb,
        configured.region,
    )
    function = function_of(pipeline, settings, load, duration_ms)
    print(text(stage, load, function, settings, configured))


def load_of(pipeline: Pipeline, rate: float, record_bytes: int | None) -> Load:
    """Return the load; its sizes are those that `pipeline cost` assumes, in proportion to the record's.

    Raises:
        HarnessError: the record is larger than Kinesis takes.
    """
    if record_bytes is not None and record_bytes > limits.MIB:
        raise HarnessError(f"RECORD_BYTES={record_bytes} is above a record's limit of {limits.MIB:,}", limits.STREAMS)
    if pipeline.is_default:
        usual = bill.Workload(rate)
        return Load(rate, record_bytes or usual.event_bytes, usual.prediction_bytes)
    sizes = [len(json.dumps(event, separators=(",", ":"))) + KEY_BYTES for event in pipeline.samples()]
    size = record_bytes or math.ceil(sum(sizes) / len(sizes))
    return Load(rate, size, 2 * size)


def function_of(pipeline: Pipeline, settings: Settings, load: Load, duration_ms: float | None) -> Function:
    """Return the function's times: given, measured on the pipeline's running stack, or written down.

    Raises:
        HarnessError: none of them is known.
    """
    if duration_ms is not None:
        size = plan.fitting_batch(settings.batch_size, load.record_bytes)
        return Function(duration_ms / size, duration_ms / size, None, f"DURATION_MS={duration_ms:g} for {size} events")
    stack = stacks.load(pipeline.stack_name)
    if stack is not None and stack.ready and stack.alive():
        return measured.function_of(stack, settings.batch_size, load.record_bytes)
    if pipeline.is_default:
        usual = bill.Workload(load.rate)
        return Function(usual.invocation_ms, usual.event_ms, None, "written down in docs/performance.md")
    raise HarnessError(
        f"how long an invocation of {pipeline.name} takes is not known",
        "start the pipeline, to measure it there (make local-up); or DURATION_MS=<milliseconds of a full batch>",
    )


def text(stage: str, load: Load, function: Function, settings: Settings, configured: bill.Settings) -> str:
    """Return the answer as Markdown."""
    best = plan.recommended(load, function, settings)
    found = plan.limits_of(load, function, settings)
    carried = plan.carried(load, function, settings)
    rows = [
        ["", f"{stage} has", "this load needs"],
        ["shards per stream", f"{settings.shards:,}", f"{best.shards:,}"],
        ["parallelization factor", f"{settings.parallelization_factor}", f"{best.parallelization_factor}"],
        ["concurrent invocations, at most", f"{settings.concurrency:,}", f"{best.concurrency:,}"],
        ["memory, MB", f"{settings.memory_mb:,}", f"{best.memory_mb:,}"],
        ["events/s carried", f"{carried:,.0f}", f"{plan.carried(load, function, best):,.0f}"],
        ["USD per million events", _usd(load, function, settings, configured), _usd(load, function, best, configured)],
    ]
    shares = [["limit", "used", "allowed", "share"]]
    shares += [[f"[{x.name}]({x.page})", f"{x.used:,.0f}", f"{x.allowed:,.0f}", f"{x.share:.0%}"] for x in found]
    above = ", ".join(limit.name for limit in found if limit.share > 1)
    verdict = f"{stage} does not carry it (above the limit: {above})" if above else f"{stage} carries it"
    met = next(limit for limit in found if "of the account" not in limit.name)
    verdict += f". The limit met first, at {carried:,.0f} events/s: {met.name}."
    return "\n".join([
        f"{load.rate:,g} events/s of {load.record_bytes} bytes, {stage} in {settings.region}: {verdict}", "",
        *markdown.table(rows), "", f"The limits with the settings of {stage}:", "", *markdown.table(shares), "",
        *_notes(load, function, settings, best),
    ])  # fmt: skip


def _usd(load: Load, function: Function, settings: Settings, configured: bill.Settings) -> str:
    """The cost of a million events; a stage that does not carry the rate is billed with the shards that it takes."""
    staged = dataclasses.replace(
        configured,
        shards=settings.shards,
        output_shards=settings.shards,
        parallelization_factor=settings.parallelization_factor,
        memory_mb=settings.memory_mb,
    )
    work = bill.Workload(
        load.rate,
        invocation_ms=function.invocation_ms,
        event_ms=function.event_ms,
        event_bytes=load.record_bytes,
        prediction_bytes=load.answer_bytes,
    )
    prices = bill.prices_of(settings.region, may_stand_in=True)
    month = sum(line.usd for line in bill.lines(staged, prices, work))
    return f"{month / (load.rate * bill.SECONDS / 1e6):,.2f}"


def _notes(load: Load, function: Function, settings: Settings, best: Settings) -> list[str]:
    size = plan.fitting_batch(settings.batch_size, load.record_bytes)
    slower = max(1.0, limits.MEMORY_OF_ONE_CPU / settings.memory_mb)
    notes = [
        f"An invocation of {size} events takes {function.batch_ms(size, settings.memory_mb):,.1f} ms: "
        f"{function.invocation_ms:.2f} ms and {function.event_ms:.4f} ms for each further event, {function.source}, "
        f"times {slower:.2f} for the [share of a core]({limits.MEMORY}) that {settings.memory_mb} MB get. Without "
        "AWS's network.",
        f"What the load needs uses at most {plan.HEADROOM:.0%} of a shard's and the function's limits, with even keys.",
        f"Concurrency and shards count against the account's quotas ({limits.CONCURRENCY:,} and "
        f"{limits.shard_quota(settings.region):,} by default in {settings.region}); both streams have the shards.",
        "Costs are those of `pipeline cost`, with its prices and assumptions.",
    ]
    if best.shards > 2 * settings.shards:
        calls = math.ceil(math.log2(best.shards / settings.shards))
        notes.append(
            f"From {settings.shards} to {best.shards:,} shards takes {calls} calls of "
            f"[UpdateShardCount]({limits.RESHARD}): each at most doubles them, and "
            f"{limits.RESHARDINGS} are allowed in 24 h."
        )
    if best.concurrency > limits.CONCURRENCY:
        notes.append(f"Ask AWS for a concurrency of {best.concurrency:,} in Service Quotas.")
    if 2 * best.shards > limits.shard_quota(settings.region):
        notes.append(f"Ask AWS for {2 * best.shards:,} shards in Service Quotas.")
    return [f"- {note}" for note in notes]
