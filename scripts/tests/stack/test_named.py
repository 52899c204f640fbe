"""What `[outputs]` names is checked against the stack, before an event is waited for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.stack import named
from harness.stack.state import Stack

FILE = """\
name = "rides"
[terraform]
root = "."
[outputs]
source_stream = { name = "in" }
output_stream = { name = "OUT" }
function = { name = "f" }
[events]
sample = { id = 1 }
[ledger]
id_in = "id"
id_out = "id"
"""
ARN = "arn:aws:{}:eu-central-1:000000000000:{}"


class _Clients:
    """Stands for a stack's clients: two streams, and a mapping from the first to another function."""

    def __init__(self, _: object) -> None:
        self.kinesis = self.functions = self

    def get_paginator(self, operation: str) -> Any:
        self.operation = operation
        return self

    def paginate(self) -> list[dict[str, Any]]:
        if self.operation == "list_streams":
            return [{"StreamNames": ["in"]}, {"StreamNames": ["out"]}]
        source, function = ARN.format("kinesis", "stream/in"), ARN.format("lambda", "function:g:live")
        return [{"EventSourceMappings": [{"EventSourceArn": source, "FunctionArn": function}]}]


def _stack(folder: Path, output: str) -> Stack:
    (folder / "main.tf").touch()
    (folder / "pipeline.toml").write_text(FILE.replace("OUT", output))
    return Stack("rides", "local", 1, pipeline_folder=str(folder))


def test_a_stream_that_terraform_has_not_made_is_a_mistake_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(named, "Clients", _Clients)
    with pytest.raises(HarnessError, match="line 6: there is no stream nope; Terraform made in, out") as found:
        named.check(_stack(tmp_path, "nope"))
    assert "correct outputs.output_stream" in found.value.next_step


def test_a_mapping_of_another_function_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(named, "Clients", _Clients)
    with pytest.raises(
        HarnessError, match="leads from the stream in to the function f; those that there are lead from in to g"
    ):
        named.check(_stack(tmp_path, "out"))
