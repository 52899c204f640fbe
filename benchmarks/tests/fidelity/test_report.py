"""The table in the docs: its construction, and that it matches the current plan and a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.fidelity import measurement, probes, report, root
from benchmarks.fidelity.attributes import Attribute, attributes
from benchmarks.fidelity.bindings import CASES, PROBES, UNPROBED
from benchmarks.fidelity.report import Column, Result
from benchmarks.fidelity.running import SUITE
from benchmarks.fidelity.verdicts import EMULATED, ENFORCED, Evidence, Seen
from harness import markdown
from harness.errors import HarnessError

REPEAT = "run `RUNTIME={} make fidelity WRITE=1`"
# A stage may set it; staging does not.
NOT_SET_YET = {Attribute("aws_lambda_function", "reserved_concurrent_executions")}
assert probes.__all__


def result(runtime: str, *evidence: Evidence) -> Result:
    return Result(runtime, "2026-11-24", list(evidence))


def documented() -> dict[str, Column]:
    return report.read(report.PATH.read_text(encoding="utf-8"))


def replaced(document: str, table: str) -> str:
    return markdown.replaced(report.PATH, document, report.BEGIN, report.END, table)


def rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.fixture(scope="module", params=report.RUNTIMES)
def planned(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[Attribute]]:
    """A runtime and the attributes that a plan of the current root module sets in it."""
    runtime = str(request.param)
    return runtime, attributes(root.offline_plan(runtime, tmp_path_factory.mktemp("plan")))


@pytest.mark.long_proof
def test_the_docs_have_the_attributes_of_the_current_plan(planned: tuple[str, list[Attribute]]) -> None:
    runtime, found = planned
    kept = documented()
    assert runtime in kept, REPEAT.format(runtime)
    assert list(kept[runtime].rows) == found, REPEAT.format(runtime)


def test_the_docs_have_the_table_in_the_form_that_a_run_writes() -> None:
    document = report.PATH.read_text(encoding="utf-8")
    assert replaced(document, report.text(documented())) == document, REPEAT.format("…")


def test_the_classes_come_from_probes_that_exist() -> None:
    """After adding or removing a probe, run it before changing the docs."""
    bound = {attribute for probe in PROBES for attribute in probe.attributes}
    bound |= {attribute for attributes_of_case in CASES.values() for attribute in attributes_of_case}
    for runtime, kept in documented().items():
        probed = {attribute for attribute, row in kept.rows.items() if row.probed}
        assert probed == bound & kept.rows.keys(), REPEAT.format(runtime)


def test_probes_are_bound_to_attributes_that_are_set() -> None:
    known = {attribute for kept in documented().values() for attribute in kept.rows}
    bound = {attribute for probe in PROBES for attribute in probe.attributes} | set(UNPROBED)
    bound |= {attribute for attributes_of_case in CASES.values() for attribute in attributes_of_case}
    assert bound - known <= NOT_SET_YET, "misspelled, or no longer set"


def test_every_bound_case_is_one_of_the_conformance_suite() -> None:
    for case in CASES:
        file, _, name = case.partition("::")
        assert f"def {name}(" in (SUITE / file).read_text(encoding="utf-8"), case


def test_each_runtime_has_a_column_and_resources_are_grouped() -> None:
    size = Evidence("aws_thing", "size", kept=True)
    image = Evidence("aws_image", "uri", True, "", [Seen(True, "it | runs")])
    other = Evidence("aws_thing", "size", True, "", [Seen(True, "it acts")])
    columns = {each.runtime: report.column(each) for each in (result("docker", image, other), result("embedded", size))}
    text = report.text(columns)
    assert rows(text.replace("\\|", "/")) == [
        ["**aws_image**", "", "", ""],
        ["uri", "-", "**enforced**", "it / runs"],
        ["**aws_thing**", "", "", ""],
        ["size", "emulated", "**enforced**", "embedded: kept; no probe of an effect; docker: it acts"],
    ]
    assert "- `docker`, 2026-11-24: 2 attributes: 2 enforced, 0 emulated, 0 ignored" in text


def test_an_attribute_without_a_probe_is_judged_by_its_fresh_read() -> None:
    new, lost = Attribute("aws_thing", "new"), Attribute("aws_thing", "lost")
    evidence = measurement.weighed([lost, new], {new: "", lost: "read as nothing"}, {})
    assert [(one.path, one.verdict) for one in evidence] == [("lost", "ignored"), ("new", "emulated")]


def test_results_of_both_runtimes_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "fidelity.md"
    path.write_text(f"before\n{report.BEGIN}{report.END}after\n")
    assert report.read(path.read_text()) == {}
    first = result(
        "embedded",
        Evidence("aws_other", "size", kept=True),
        Evidence("aws_thing", "size", False, "read as 6", [Seen(False, "no | nor <x>; docker: y")]),
    )
    docker = result(
        "docker",
        Evidence("aws_other", "size", kept=True),
        Evidence("aws_thing", "count", kept=True, unprobed="why"),
        Evidence("aws_thing", "size", True, "", [Seen(True, "it acts")]),
    )
    report.write(result("embedded"), path)
    report.write(docker, path)
    report.write(first, path)
    assert report.read(path.read_text()) == {"embedded": report.column(first), "docker": report.column(docker)}


@pytest.mark.parametrize("document", ["no marks", report.BEGIN, report.END])
def test_a_document_without_markers_is_refused(document: str) -> None:
    with pytest.raises(HarnessError, match="lacks the marks"):
        replaced(document, "new")


def test_only_the_text_between_the_markers_is_replaced() -> None:
    document = f"before\n{report.BEGIN}old\n{report.END}after\n"
    assert replaced(document, "new\n") == f"before\n{report.BEGIN}\nnew\n\n{report.END}after\n"


def test_classes_are_counted() -> None:
    assert report.counts([ENFORCED, EMULATED]) == "2 attributes: 1 enforced, 1 emulated, 0 ignored"
