"""The table in the documents: what it is made of, and that it is that of today's plan and of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.fidelity import probes, report, results, root, run
from benchmarks.fidelity.attributes import Attribute, attributes
from benchmarks.fidelity.registry import CASES, PROBES, UNPROBED
from benchmarks.fidelity.results import Result
from benchmarks.fidelity.running import SUITE
from benchmarks.fidelity.verdicts import Evidence, Seen
from harness.errors import HarnessError

REPEAT = "run `RUNTIME={} make fidelity WRITE=1`"
# A stage may set it; staging does not.
NOT_SET_YET = {Attribute("aws_lambda_function", "reserved_concurrent_executions")}
assert probes.__all__


def result(runtime: str, *evidence: Evidence) -> Result:
    return Result(runtime, "2026-11-24", list(evidence))


def rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.fixture(scope="module", params=report.RUNTIMES)
def planned(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[Attribute]]:
    """A runtime and the attributes that a plan of today's root module sets in it."""
    runtime = str(request.param)
    return runtime, attributes(root.offline_plan(runtime, tmp_path_factory.mktemp("plan")))


def test_the_documents_hold_the_attributes_of_todays_plan(planned: tuple[str, list[Attribute]]) -> None:
    runtime, found = planned
    kept = results.load()
    assert runtime in kept, REPEAT.format(runtime)
    assert [Attribute(one.resource, one.path) for one in kept[runtime].evidence] == found, REPEAT.format(runtime)


def test_the_documents_hold_the_table_of_the_last_runs() -> None:
    document = report.PATH.read_text(encoding="utf-8")
    assert report.written(document, report.text(results.load())) == document, REPEAT.format("…")


def test_the_classes_come_from_probes_that_exist() -> None:
    """Whoever adds a probe or takes one away has to run it before the documents may say so."""
    bound = {attribute for probe in PROBES for attribute in probe.attributes}
    bound |= {attribute for attributes_of_case in CASES.values() for attribute in attributes_of_case}
    for runtime, kept in results.load().items():
        probed = {Attribute(one.resource, one.path) for one in kept.evidence if one.seen}
        every = {Attribute(one.resource, one.path) for one in kept.evidence}
        assert probed == bound & every, REPEAT.format(runtime)


def test_probes_are_bound_to_attributes_that_are_set() -> None:
    known = {Attribute(one.resource, one.path) for kept in results.load().values() for one in kept.evidence}
    bound = {attribute for probe in PROBES for attribute in probe.attributes} | set(UNPROBED)
    bound |= {attribute for attributes_of_case in CASES.values() for attribute in attributes_of_case}
    assert bound - known <= NOT_SET_YET, "misspelt, or no longer set"


def test_every_bound_case_is_one_of_the_conformance_suite() -> None:
    for case in CASES:
        file, _, name = case.partition("::")
        assert f"def {name}(" in (SUITE / file).read_text(encoding="utf-8"), case


def test_each_runtime_has_a_column_and_resources_are_grouped() -> None:
    size = Evidence("aws_thing", "size", kept=True)
    image = Evidence("aws_image", "uri", True, "", [Seen(True, "it | runs")])
    other = Evidence("aws_thing", "size", True, "", [Seen(True, "it acts")])
    text = report.text({"docker": result("docker", image, other), "embedded": result("embedded", size)})
    assert rows(text.replace("\\|", "/")) == [
        ["**aws_image**", "", "", ""],
        ["uri", "-", "**enforced**", "it / runs"],
        ["**aws_thing**", "", "", ""],
        ["size", "emulated", "**enforced**", "embedded: kept; no probe of an effect; docker: it acts"],
    ]
    assert "- `docker`, 2026-11-24: 2 attributes: 2 enforced, 0 emulated, 0 ignored" in text


def test_an_attribute_that_nobody_wrote_a_probe_for_is_weighed_by_its_read() -> None:
    new, lost = Attribute("aws_thing", "new"), Attribute("aws_thing", "lost")
    evidence = run.weighed([lost, new], {new: "", lost: "read as nothing"}, {})
    assert [(one.path, one.verdict) for one in evidence] == [("lost", "ignored"), ("new", "emulated")]


def test_results_of_both_runtimes_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "fidelity.json"
    assert results.load(path) == {}
    first = result("embedded", Evidence("aws_thing", "size", False, "read as 6", [Seen(False, "nothing")], "why"))
    results.save(result("embedded"), path)
    results.save(result("docker"), path)
    assert results.save(first, path) == results.load(path) == {"embedded": first, "docker": result("docker")}


@pytest.mark.parametrize("document", ["no marks", report.BEGIN, report.END])
def test_a_document_without_marks_is_refused(document: str) -> None:
    with pytest.raises(HarnessError, match="lacks the marks"):
        report.written(document, "new")


def test_only_what_stands_between_the_marks_is_replaced() -> None:
    document = f"before\n{report.BEGIN}old\n{report.END}after\n"
    assert report.written(document, "new\n") == f"before\n{report.BEGIN}\nnew\n\n{report.END}after\n"
