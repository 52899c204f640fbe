"""Runs `pipeline init`: finds the root module, reads a plan of it, asks what it cannot tell, writes the file."""

from __future__ import annotations

import itertools
import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from harness import console
from harness.errors import HarnessError
from harness.init import folder as folders
from harness.init import samples, unproved, writing
from harness.init.plan import FUNCTION, Choices, Reading
from harness.local import dry_plan, runtimes, zip_functions
from harness.paths import shown
from harness.pipeline import definition, schema, toml_file
from harness.pipeline.definition import Pipeline
from harness.stack.state import DOCKER

PLACEHOLDER = "unknown"
SHOWN = 4  # names that are likely, too, where nobody is asked


def run(folder: Path, sample: Path | None) -> None:
    """Write a folder's `pipeline.toml`, and print what a local run cannot prove.

    Args:
        folder: with Terraform in it, or below.
        sample: file with sample events; None to look for one in the folder.

    Raises:
        HarnessError: there is a file already, no Terraform, no pipeline in its plan, or no sample.
    """
    folder = folder.expanduser().resolve()
    target = folder / toml_file.NAME
    if target.exists():
        raise HarnessError(f"{shown(target)} exists already", "edit it; or delete it, then run it again")
    root = _root(folder)
    events_file = _sample(folder, sample)
    events = samples.read(events_file)
    provisional = _provisional(folder, root)
    reading = Reading(dry_plan.document(provisional))
    content = _content(provisional, reading, events, _kept(folder, events_file, events))
    target.write_text(writing.text(content), encoding="utf-8")
    try:
        definition.load(folder)  # what was written must be valid
    except HarnessError:
        target.unlink()
        raise
    console.say(f"written: {shown(target)}")
    _warn_of_refusals(reading)
    _show_unproved(reading)
    where = "" if Path.cwd() == folder else f"PIPELINE={shown(folder)} "
    console.say(f"Next: {where}pipeline up, then {where}pipeline verify COUNT=2000")


def _root(folder: Path) -> Path:
    found = folders.roots(folder)
    names = Choices(tuple(str(path.relative_to(folder)) for path in found), len(found) == 1)
    return folder / _chosen("root module", names)


def _sample(folder: Path, given: Path | None) -> Path:
    if given:
        return given.expanduser().resolve()
    file = samples.find(folder)
    console.say(f"sample events: {shown(file)}")
    return file


def _kept(folder: Path, file: Path, events: Sequence[dict[str, Any]]) -> str:
    """Return the samples' file, relative to the folder; written there if it is elsewhere, or in Lambda's form."""
    if file.is_relative_to(folder) and _is_read_as(file, events):
        return file.relative_to(folder).as_posix()
    text = "".join(json.dumps(event) + "\n" for event in events)
    names = itertools.chain(["samples.jsonl"], (f"samples-{number}.jsonl" for number in itertools.count(2)))
    target = next(path for path in (folder / name for name in names) if not path.exists() or _holds(path, text))
    if not target.exists():
        target.write_text(text, encoding="utf-8")
        console.say(f"written: {shown(target)}, the events of {shown(file)}")
    return target.name


def _holds(file: Path, text: str) -> bool:
    return file.is_file() and file.read_bytes() == text.encode()


def _is_read_as(file: Path, events: Sequence[dict[str, Any]]) -> bool:
    """Return whether `events.sample` may name a file as it is."""
    try:
        return definition.samples_in(file) == list(events)
    except ValueError:
        return False


def _provisional(folder: Path, root: Path) -> Pipeline:
    """Return a pipeline of which only the Terraform is known."""
    pattern = folders.var_file(root)
    inside = root.relative_to(folder).as_posix()
    unknown = schema.Literal(name=PLACEHOLDER)
    file = schema.File(
        name=re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).strip("-0123456789")[:31].rstrip("-") or "pipeline",
        terraform=schema.Terraform(root=inside, var_file=pattern and (Path(inside) / pattern).as_posix()),
        outputs=schema.Outputs(source_stream=unknown, output_stream=unknown, function=unknown),
        events=schema.Events(sample={}),
        ledger=schema.Ledger(id_in="id", id_out="id"),
    )
    return Pipeline(folder, file)


def _content(provisional: Pipeline, reading: Reading, events: Sequence[dict[str, Any]], sample: str) -> writing.Content:
    source_stream = _chosen("source stream", reading.source_stream())
    reading.choose(source_stream)
    output_stream = _chosen("output stream", _some(reading.output_stream(source_stream)))
    function = _chosen("function", reading.function(output_stream))
    outputs = {
        "source_stream": _reference(reading, source_stream),
        "output_stream": _reference(reading, output_stream),
        "failed_events": _optional(reading, reading.failed_events()),
        "function": _reference(reading, function),
        "model_bucket": _optional(reading, reading.model_bucket()),
    }
    code = folders.source(provisional.folder, reading.handler(function))
    id_in = _chosen("path of the id in an event (JMESPath)", _some(Choices(tuple(samples.ids(events)), False), events))
    guess = f"prediction.{id_in} || {id_in}"
    return writing.Content(
        name=provisional.name,
        root=provisional.file.terraform.root,
        var_file=provisional.file.terraform.var_file,
        source=code.relative_to(provisional.folder).as_posix() if code else None,
        outputs={key: value for key, value in outputs.items() if value},
        sample=sample,
        id_in=id_in,
        id_out=_chosen("path of that id in an answer (JMESPath)", Choices((guess,), False)),
    )


def _some(choices: Choices, events: Sequence[dict[str, Any]] = ()) -> Choices:
    """Refuse an empty choice."""
    if choices.names:
        return choices
    if events:
        raise HarnessError(f"the sample event has no text or integer that could be its id: {events[0]}", "add one")
    raise HarnessError(
        "the plan makes no second Kinesis stream for the answers",
        "the ledger reads answers from a stream. If yours go to S3, DynamoDB or Firehose alone, the emulator's pytest "
        "plugin runs and tests the same Terraform, with the fixtures terraform_stack, emulator and faults: "
        'emulator/README.md, "In your tests"; docs/your-tests.md',
    )


def _reference(reading: Reading, name: str) -> str:
    """Return the value for a resource; `name` is its address if only the apply makes its name.

    Raises:
        HarnessError: only the apply makes the name, and no output has it.
    """
    if found := _optional(reading, name):
        return found
    raise HarnessError(
        f"the name of {name} is known only after the apply, and no output refers to it alone",
        f'add one to the root module: output "…" {{ value = … }} with the name of {name} alone; then run this again',
    )


def _optional(reading: Reading, name: str | None) -> str | None:
    """Return the value for a resource that the file may leave out; None without one, or if nothing can name it."""
    if name is None:
        return None
    if found := reading.output_for(name):
        return writing.output(found)
    return None if reading.unnamed(name) else writing.literal(name)


def _chosen(what: str, choices: Choices) -> str:
    """Return the likeliest name, or what the user chooses: asked in doubt only, on a terminal, and without YES=1."""
    first = choices.names[0]
    if choices.certain or os.environ.get("YES") == "1" or not sys.stdin.isatty():
        others = f"; or {', '.join(choices.names[1 : SHOWN + 1])}" if len(choices.names) > 1 else ""
        console.say(f"{what}: {first}" + ("" if choices.certain else f", assumed{others}"))
        return first
    for name in choices.names[1:]:
        console.say(f"  or {name}")
    return str(click.prompt(what, default=first, err=True))


def _warn_of_refusals(reading: Reading) -> None:
    """Warn of functions that `pipeline up` would fail on, after most of the apply."""
    in_containers = (os.environ.get("RUNTIME") or runtimes.default()) == DOCKER
    for function in reading.planned.of_type(FUNCTION):
        if found := zip_functions.refusal(function.values, in_containers=in_containers):
            console.warn(f"{function.address} cannot run here: {found[0]}; {found[1]}")


def _show_unproved(reading: Reading) -> None:
    console.say("A local run cannot prove:")
    for address, reason in unproved.of(reading.planned.resources):
        console.say(f"  {address}: {reason}")
    for text in unproved.ALWAYS:
        console.say(f"  {text}")
