"""The text of a new `pipeline.toml`."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Content:
    """What is written; None for what the pipeline does not have.

    Attributes:
        name: of the pipeline.
        root: folder of the root module.
        var_file: pattern of the files of variables.
        source: folder of the function's code.
        outputs: by key of `[outputs]`: the name of a Terraform output, or the resource's name as `{ name = "…" }`.
        sample: file with sample events.
        id_in: path of the id in an event.
        id_out: path of the id in an answer.
    """

    name: str
    root: str
    var_file: str | None
    source: str | None
    outputs: dict[str, str]
    sample: str
    id_in: str
    id_out: str


def text(content: Content) -> str:
    """Return the file's text."""
    var_file = [f"var_file = {_quoted(content.var_file)}"] if content.var_file else []
    function = ["[function]", f"source = {_quoted(content.source)}", ""] if content.source else []
    lines = [
        "# What the harness knows of this pipeline; docs/pipeline-toml.md describes every key.",
        f"name = {_quoted(content.name)}",
        "",
        "[terraform]",
        f"root = {_quoted(content.root)}",
        *var_file,
        "",
        *function,
        "[outputs]",
        *(f"{key} = {value}" for key, value in content.outputs.items()),
        "",
        "[events]",
        f"sample = {_quoted(content.sample)}",
        '# made_up = "events:made_up"  # a function of yours that makes events up; without it, samples are varied',
        "",
        "[ledger]",
        f"id_in = {_quoted(content.id_in)}",
        f"id_out = {_quoted(content.id_out)}",
        '# source_id = "event_id"  # where the answer has the id of the source record, if it has it',
        '# expected = "oracle:expected"  # a function of yours that says what the answers must be',
    ]
    return "\n".join(lines) + "\n"


def output(name: str) -> str:
    """Return the value for a Terraform output."""
    return _quoted(name)


def literal(name: str) -> str:
    """Return the value for a resource's own name."""
    return f"{{ name = {_quoted(name)} }}"


def _quoted(value: str | None) -> str:
    return json.dumps(value, ensure_ascii=False)
