"""`make cost`: prints the table of monthly costs and writes it to docs/first-deployment.md."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from harness import console, markdown, paths
from harness.cost import bill, planned
from harness.cost.bill import Settings, Workload
from harness.errors import HarnessError
from harness.paths import shown
from harness.pipeline import definition
from harness.pipeline.definition import Pipeline
from harness.stages import tfvars

RATES = (0, 1, 100, 1000)  # events per second
STAGE = "stg"
PATH = paths.ROOT / "docs" / "first-deployment.md"
BEGIN, END = markdown.marks("make cost")
MARK = " †"
KEY_BYTES = 8  # a partition key
ALARM, DASHBOARD, KEY = "aws_cloudwatch_metric_alarm", "aws_cloudwatch_dashboard", "aws_kms_key"
COUNTED = re.compile(rf'resource "({ALARM}|{DASHBOARD}|{KEY})"')


def settings(stage: str, folder: Path = paths.INFRASTRUCTURE) -> Settings:
    """Read a stage's settings: the variables' defaults, overridden by its tfvars.

    Args:
        stage: of the file vars/<stage>.tfvars.
        folder: the Terraform root.

    Raises:
        HarnessError: there is no such stage.
    """
    file = folder / "vars" / f"{stage}.tfvars"
    if not file.is_file():
        stages = ", ".join(sorted(one.stem for one in file.parent.glob("*.tfvars")))
        raise HarnessError(f"there is no stage {stage!r}", f"choose one of {stages}")
    # Parsing is slow, so skip modules without anything to count.
    counting = {one.parent for one in (folder / "modules").rglob("*.tf") if COUNTED.search(one.read_text("utf-8"))}
    modules: dict[Path, list[dict[str, Any]]] = {}
    for source in sorted([*folder.glob("*.tf"), *(folder / "modules").rglob("*.tf")]):
        if source.parent == folder or source.parent in counting:
            modules.setdefault(source.parent, []).append(tfvars.read(source))
    defaults = {name: body["default"] for name, body in _blocks(modules[folder], "variable") if "default" in body}
    values = defaults | tfvars.read(file)
    if values["stream_mode"] != "PROVISIONED":
        raise HarnessError(
            f"the streams of {stage} are on demand: AWS sets their shards, and their prices are not known here",
            "look it up in AWS's pricing calculator, or set stream_mode = \"PROVISIONED\" in the stage's tfvars",
        )
    kept = (values["failed_events_expiration_days"], values["noncurrent_expiration_days"])
    return Settings(
        region=values["aws_region"],
        shards=values["shard_count"],
        retention_hours=values["stream_retention_hours"],
        shard_metrics=len(values["shard_level_metrics"]),
        batch_size=values["batch_size"],
        batching_window_seconds=values["batching_window_seconds"],
        parallelization_factor=values["parallelization_factor"],
        memory_mb=values["lambda_memory_size_mb"],
        architecture=values["lambda_architecture"],
        images=values["ecr_keep_images"] if values["lambda_package_type"] == "Image" else 0,
        log_days=values["log_retention_in_days"],
        # In a versioned bucket, an expired object remains as a noncurrent version.
        failed_event_days=None if None in kept else sum(kept),
        alarms=_resources(modules, ALARM),
        dashboards=_resources(modules, DASHBOARD),
        keys=_resources(modules, KEY) if values["kms_enabled"] else 0,
    )


def _blocks(files: list[dict[str, Any]], kind: str) -> Iterator[tuple[str, Any]]:
    """Yield the labelled blocks of one kind, or the names and values of `locals`."""
    for file in files:
        for block in file.get(kind, []):
            yield from block.items()


def _resources(modules: dict[Path, list[dict[str, Any]]], kind: str) -> int:
    """Return the number of resources of one type in the root and its modules."""
    return sum(
        _instances(dict(_blocks(files, "locals")), f"{kind}.{name}", body)
        for files in modules.values()
        for found, resources in _blocks(files, "resource")
        if found == kind
        for name, body in resources.items()
    )


def _instances(values: dict[str, Any], address: str, body: dict[str, Any]) -> int:
    """Return the number of resources of a block: one, or the size of its for_each; conditions count as true.

    Raises:
        HarnessError: only Terraform can evaluate it.
    """
    each = body.get("for_each")
    if each is None and re.fullmatch(r"1|\$\{.*\? 1 : 0\}", str(body.get("count", 1))):
        return 1
    named = [values.get(name) for name in re.findall(r"\blocal\.(\w+)", str(each))]
    found = [len(one) for one in (each, *named) if isinstance(one, dict | list)]
    if len(found) == 1:
        return found[0]
    raise HarnessError(
        f"the number of {address} cannot be read from Terraform",
        "write its for_each as a map, or as local.<name> of a local that is a map",
    )


def text(stage: str, rates: Sequence[float], duration_ms: float | None = None) -> str:
    """Return the table and its assumptions for this repository's own pipeline, as Markdown.

    Args:
        stage: the stage with the Terraform variables.
        rates: events per second, one per column; 0 is idle.
        duration_ms: of an invocation; None uses the measured one.

    Raises:
        HarnessError: there is no such stage, or the prices of its region are unknown.
    """
    configured = settings(stage)
    prices = bill.prices_of(configured.region)
    return _text(stage, configured, prices, [Workload(rate, duration_ms) for rate in rates])


def text_of(pipeline: Pipeline, stage: str, rates: Sequence[float], duration_ms: float | None) -> str:
    """Return the table for another pipeline. Takes and raises what `text` does; the duration must be given.

    Args:
        pipeline: whose Terraform is planned, and whose sample event counts.
        stage: as for `text`.
        rates: as for `text`.
        duration_ms: as for `text`.
    """
    if duration_ms is None:
        raise HarnessError(
            f"how long an invocation of {pipeline.name} takes is not known",
            "DURATION_MS=<milliseconds of an average invocation>: make local-logs shows them as Duration, those of "
            "this machine; AWS gives a function a share of a core by its memory",
        )
    sizes = [len(json.dumps(event, separators=(",", ":"))) + KEY_BYTES for event in pipeline.samples()]
    size = math.ceil(sum(sizes) / len(sizes))
    works = [Workload(rate, duration_ms, event_bytes=size, prediction_bytes=2 * size) for rate in rates]
    if pipeline.file.outputs.model_bucket is None:
        works = [dataclasses.replace(work, model_bytes=0) for work in works]
    configured = planned.settings(pipeline, stage)
    return _text(stage, configured, bill.prices_of(configured.region, may_stand_in=True), works)


def _text(stage: str, configured: Settings, prices: bill.Prices, works: Sequence[Workload]) -> str:
    others = {bill.REFERENCE} - {configured.region}

    def totals(listed: bill.Prices) -> list[str]:
        return [f"{sum(line.usd for line in bill.lines(configured, listed, work)):,.2f}" for work in works]

    rows = [
        [f"USD per month, {stage} in {configured.region}", *(_title(work.rate) for work in works)],
        *(
            [lines[0].title + (MARK if lines[0].prices & prices.stand_ins else ""), *(f"{x.usd:,.2f}" for x in lines)]
            for lines in zip(*(bill.lines(configured, prices, work) for work in works), strict=True)
        ),
        ["**total**", *(f"**{total}**" for total in totals(prices))],
        *[[f"total at prices of {other}", *totals(bill.prices_of(other))] for other in others],
        ["shards per stream", *(_shards(configured, work) for work in works)],
        ["invocations per second", *(f"{bill.invocations(configured, work):,g}" for work in works)],
        ["ms billed per invocation", *(f"{bill.billed_ms(configured, work):,g}" for work in works)],
    ]
    return "\n".join([*markdown.table(rows), "", *_notes(configured, prices, works[0])])


def _title(rate: float) -> str:
    return f"{rate:,g} event{'s' if rate != 1 else ''}/s" if rate else "idle"


def _shards(configured: Settings, work: Workload) -> str:
    needed = bill.shards_needed(work)
    if needed <= configured.shards:
        return f"{configured.shards}, enough"
    return f"{needed}: the stage's {configured.shards} are not enough"


def _notes(configured: Settings, prices: bill.Prices, work: Workload) -> list[str]:
    duration = (
        f"{work.duration_ms:g} ms (DURATION_MS)"
        if work.duration_ms is not None
        else f"{work.invocation_ms} ms and {work.event_ms} ms for each further event, measured on one machine "
        f"with a full core, times {max(1.0, bill.MEMORY_OF_ONE_CPU / configured.memory_mb):.2f} for the share of a "
        f"core that {configured.memory_mb} MB get, without AWS's network (DURATION_MS=… sets your own)"
    )
    notes = [
        f"List prices as of {prices.as_of}, entered from memory (check them), without taxes and free tier: "
        + ", ".join(f"[{page.split('/')[3]}]({page})" for page in sorted(prices.pages))
        + f". They are in {shown(bill.PRICES)}.",
        f"A month has {bill.HOURS} h; events are spread evenly over the month and the shards. Batches of up to "
        f"{configured.batch_size}; Lambda polls each shard once every {max(1, configured.batching_window_seconds)} s.",
        f"Duration of an invocation: {duration}.",
        f"An event has {work.event_bytes} bytes and a prediction {work.prediction_bytes}, one PUT payload unit each. "
        f"A shard accepts 1,000 records or 1 MiB per second; unevenly spread keys need more shards.",
        "Excluded: GETs of the model at cold starts, readers of the predictions, data transfer out of the region, SNS.",
        "Storage is an upper bound: as many images as the repository keeps, each complete and uncompressed.",
    ]
    if prices.stand_ins:
        notes.append(
            f"†: the price in {configured.region} is unknown; the table uses that of {bill.REFERENCE} "
            f"({', '.join(sorted(prices.stand_ins))}). "
            "Add yours to the file: other regions can be 50 % more expensive."
        )
    return [f"- {note}" for note in notes] + [""]


def run(rate: float | None, stage: str, duration_ms: float | None, path: Path = PATH) -> None:
    """Print the table, and write it to the docs if the arguments are the standard ones.

    Args:
        rate: events per second of the only column besides idle; None for the standard rates.
        stage: the stage with the Terraform variables.
        duration_ms: of an invocation; None uses the measured one.
        path: the document.
    """
    rates, pipeline = RATES if rate is None else (0, rate), definition.current()
    if not pipeline.is_default:
        print(text_of(pipeline, stage, rates, duration_ms))
        return
    table = text(stage, rates, duration_ms)
    print(table)
    if rate is None and stage == STAGE and duration_ms is None:
        document = path.read_text(encoding="utf-8")
        path.write_text(markdown.replaced(path, document, BEGIN, END, table), encoding="utf-8")
        console.say(f"written to {shown(path)}")
