"""Generates docs/commands.md from the commands' own help and the Makefile."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from harness.cli.sections import Sections
from harness.markdown import escaped, row
from harness.paths import ROOT

PATH = ROOT / "docs" / "commands.md"
HEAD = """# Commands

<!-- Written by `pipeline reference --write`. -->

`make <command>` takes its options as variables (`make verify COUNT=2000`). `pipeline <command> --help` describes the
same options as flags; the `pipeline` program is in `.venv/bin` after `make setup`, and takes variables, too.
`pipeline up`, `down`, `status` and `logs` are short for the `local-` commands. [Settings](settings.md) has every option
with its default.

`PIPELINE=folder` is [another pipeline](pipeline-toml.md) than that of the working directory or of the checkout.

Every command can be repeated safely. The exit status is 0 only if the command did what it said. [Errors](errors.md)
lists the messages, each with the next step.
"""
TITLES = {
    "Everyday": "Run the pipeline",
    "Prove": "Prove it",
    "Deploy": "Deploy",
    "Measure": "Measure",
    "Develop": "Work on the project",
}
NOTES = {
    "Deploy": "`-stg` can be `-prod` in each of these, except the rehearsal. All but the rehearsal, `cost` and "
    "`capacity` reach a **real AWS account** ([stages](stages.md)). With the program, `make deploy-stg` is `pipeline "
    "deploy stg`, and `make rehearse-stg` is `pipeline rehearse`.\n",
}
PAGES = {
    "init": "[your pipeline](your-pipeline.md)",
    "debug": "[debug](developer-loop.md#debug)",
    "local-up": "[tutorial](tutorial.md), [watch and reload](developer-loop.md)",
    "dashboard": "[the page](dashboard.md)",
    "save": "[snapshots](snapshots.md)",
    "load": "[snapshots](snapshots.md)",
    "e2e": "[start from a snapshot](snapshots.md#in-the-tests)",
    "train": "[your own data](model.md#your-own-data)",
    "failed-events": "[failed events](delivery.md#failed-events)",
    "redrive": "[redrives](delivery.md#failed-events)",
    "iam-denials": "[local IAM](iam.md)",
    "ecr-login": "[containers](runtimes.md#containers)",
    "verify": "[the ledger](ledger.md)",
    "chaos": "[the ledger](ledger.md)",
    "soak": "[the ledger](ledger.md)",
    "report": "[reports](reports.md)",
    "rehearse": "[first deployment](first-deployment.md)",
    "deploy": "[first deployment](first-deployment.md)",
    "compare": "[how far the local proof holds](stages.md#how-far-the-local-proof-holds)",
    "promote": "[rollout](rollout.md)",
    "rollback": "[rollout](rollout.md#rollback)",
    "cost": "[what it costs](first-deployment.md#what-it-costs)",
    "capacity": "[scaling](scaling.md)",
    "bench": "[measurements](performance.md)",
    "conformance": "[results](conformance.md)",
    "peers": "[what is expected to fail](peers.md)",
    "fidelity": "[results](fidelity.md)",
    "test": "[test tiers](../CONTRIBUTING.md)",
    "test-all": "[test tiers](../CONTRIBUTING.md)",
    "sbom": "[supply chain](supply-chain.md)",
    "audit": "[supply chain](supply-chain.md)",
}


def text(group: click.Group) -> str:
    """Return the whole page."""
    assert isinstance(group, Sections)
    group.add_plugins()
    return "\n".join([HEAD, *_sections(group)])


def _sections(group: Sections) -> Iterator[str]:
    for section, title in TITLES.items():
        yield f"## {title}\n"
        if section in NOTES:
            yield NOTES[section]
        yield from (row(cells) for cells in (("command", "does", "more"), ("---",) * 3))
        for name in group.sections[section]:
            if not (command := group.commands[name]).hidden:
                yield row((f"`{_usage(command)}`", _help(command), PAGES.get(name, "")))
        yield ""


def _usage(command: click.Command) -> str:
    """Return the make target with its variables; the program's command where there is none."""
    name, targets = command.name or "", _targets()
    stage = any(isinstance(parameter, click.Argument) and parameter.name == "stage" for parameter in command.params)
    target = f"{name}-stg" if stage or name == "rehearse" else name
    words = [_variable(each) for each in command.params if each.envvar not in (None, "RUNTIME")]
    if target in targets:
        return " ".join(filter(None, (target, *words)))
    arguments = [
        each.make_metavar(click.Context(command)) for each in command.params if isinstance(each, click.Argument)
    ]
    return " ".join(filter(None, ("pipeline", name, *arguments, *words)))


def _variable(parameter: click.Parameter) -> str:
    if not isinstance(parameter, click.Option):
        return f"[{parameter.envvar}=…]"
    text = f"{parameter.envvar}={'1' if parameter.is_flag else '…'}"
    return text if parameter.required or parameter.show_default == "required" else f"[{text}]"


def _help(command: click.Command) -> str:
    """Return a command's help as one paragraph; what follows a form feed is for the terminal alone."""
    said = inspect.cleandoc(command.help or "").partition("\f")[0]
    sentences = [" ".join(part.split()) for part in said.split("\n\n") if "\b" not in part]
    return escaped(" ".join(sentences))


def _targets() -> set[str]:
    rules = re.findall(r"^([a-z][a-z0-9 -]*):(?!=)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    return {target for rule in rules for target in rule.split()}
