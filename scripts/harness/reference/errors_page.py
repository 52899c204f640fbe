"""Writes docs/errors.md: exit statuses, error classes, and every message with its cause and remedy."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from harness import paths
from harness.markdown import escaped, row
from harness.reference.raised import Message, messages

HARNESS = paths.SCRIPTS / "harness"
EMULATOR = paths.EMULATOR / "pipeline_emulator"
BASES = ((HARNESS, "HarnessError"), (EMULATOR, "EmulatorError"))
HEAD = """# Errors

<!-- Written by `pipeline reference --write`. -->

Every error is printed with its cause (`error:`) and the next step (`next:`), without a traceback.

| exit status | means |
|---|---|
| 0 | the command did what it says |
| 1 | it failed; the message has cause and next step. Also: a ledger, a suite or a check that did not pass |
| 2 | the command line is wrong: an unknown command, option or value. Nothing was done |
| {interrupted} | interrupted by Ctrl-C or SIGTERM; what it started was ended |

`make` turns every failure into 2. `pipeline-emulator env COMMAND` has the exit status of the command, and
`pipeline-emulator doctor` ends with 1 if the emulator cannot start here.

What the emulator answers to AWS's clients are AWS's own errors, with AWS's codes and, where AWS documents them, its
messages. The reasons of failed events are in [delivery](delivery.md#failed-events), the checks of a stage in
[stages](stages.md).

## Classes

In Python, the harness's errors are `harness.errors.HarnessError` and its subclasses, the emulator's is
`pipeline_emulator.EmulatorError`. Both have the attributes `cause` and `next_step`.

"""
TABLE = ("message", "what to do", "module")


def text(interrupted: int) -> str:
    """Return the page.

    Args:
        interrupted: exit status of an interrupted command.
    """
    parts = ["\n".join([*_table(("class", "means"), _classes()), ""])]
    for folder, base in BASES:
        parts += [f"## Messages of `{_program(folder)}`\n", *_sections(folder, messages(folder, base))]
    return HEAD.format(interrupted=interrupted) + "\n".join(parts)


def _program(folder: Path) -> str:
    return "pipeline" if folder == HARNESS else "pipeline-emulator"


def _classes() -> Iterator[tuple[str, ...]]:
    for file in (HARNESS / "errors.py", EMULATOR / "launcher" / "errors.py"):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                yield f"`{node.name}`", escaped(_first_line(node))


def _first_line(node: ast.ClassDef | ast.Module) -> str:
    return (ast.get_docstring(node) or "").partition("\n")[0]


def _sections(folder: Path, found: Sequence[Message]) -> Iterator[str]:
    """Yield a table for each package."""
    for package, group in groupby(found, lambda message: message.module.parts[:-1][:1]):
        yield "\n".join([f"### {_title(folder, package)}\n", *_table(TABLE, map(_row, group)), ""])


def _title(folder: Path, package: tuple[str, ...]) -> str:
    """Return what a package is for, as its docstring says; its name if it says nothing."""
    if not package:
        return "Events, pages and files"
    said = _first_line(ast.parse((folder / package[0] / "__init__.py").read_text(encoding="utf-8")))
    return said.partition(" (docs/")[0].rstrip(".") or package[0].capitalize()


def _row(message: Message) -> tuple[str, ...]:
    module = ".".join(message.module.with_suffix("").parts).removesuffix(".__init__")
    return _alternatives(message.causes), _alternatives(message.next_steps), f"`{module}`"


def _alternatives(texts: Sequence[str]) -> str:
    return "<br>".join(escaped(" ".join(text.split())) for text in texts)


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]] | map[tuple[str, ...]]) -> list[str]:
    return [row(head), f"|{'---|' * len(head)}", *map(row, rows)]
