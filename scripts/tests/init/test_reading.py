"""What `pipeline init` finds in folders, samples and plans."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.init import command, folder, references, samples, unproved
from harness.init.plan import Choices, Reading
from harness.pipeline.identity import Identity
from harness.pipeline.schema import Ledger
from harness.terraform.planned import Planned, Resource
from harness.terraform.working_copy import declared


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_root_modules_are_told_from_modules_and_examples(tmp_path: Path) -> None:
    _write(tmp_path / "deploy" / "main.tf", 'provider "aws" {}\nmodule "x" {\n  source = "./modules/x"\n}')
    _write(tmp_path / "deploy" / "modules" / "x" / "main.tf", 'resource "aws_s3_bucket" "b" {}')
    _write(tmp_path / "deploy" / "examples" / "main.tf", 'provider "aws" {}')
    _write(tmp_path / ".terraform" / "main.tf", 'provider "aws" {}')
    assert folder.roots(tmp_path) == [tmp_path / "deploy"]
    _write(tmp_path / "other" / "main.tf", 'terraform {\n  backend "s3" {}\n}\nresource "aws_s3_bucket" "b" {}')
    assert folder.roots(tmp_path) == [tmp_path / "deploy", tmp_path / "other"]


def test_beside_a_pipelines_root_module_one_that_makes_the_states_bucket_is_none(tmp_path: Path) -> None:
    for name in ("bootstrap", "infra"):
        _write(tmp_path / name / "main.tf", 'provider "aws" {}\nresource "aws_s3_bucket" "b" {}')
    assert folder.roots(tmp_path) == [tmp_path / "bootstrap", tmp_path / "infra"]
    _write(tmp_path / "infra" / "modules" / "worker" / "main.tf", 'resource "aws_lambda_event_source_mapping" "m" {}')
    assert folder.roots(tmp_path) == [tmp_path / "infra"]


def test_terraform_in_json_is_terraform(tmp_path: Path) -> None:
    text = {"provider": {"aws": {}}, "variable": {"env": {}}, "resource": {"aws_kinesis_stream": {"a": {"name": "a"}}}}
    _write(tmp_path / "main.tf.json", json.dumps(text))
    _write(tmp_path / "more" / "only.tf", 'variable "x" {}')
    assert folder.roots(tmp_path) == [tmp_path]
    assert declared(tmp_path) == {"env"}


@pytest.mark.parametrize(
    ("file", "pattern"),
    [
        ("vars/stg.tfvars", "vars/{stage}.tfvars"),
        ("stg.tfvars", "{stage}.tfvars"),
        ("vars/dev.tfvars.json", "vars/{stage}.tfvars.json"),
        ("environments/dev.tfvars.json", "environments/{stage}.tfvars.json"),
        ("environments/dev/terraform.tfvars", "environments/{stage}/terraform.tfvars"),
        ("terraform.tfvars.json", None),
        ("x.auto.tfvars.json", None),
        ("x.tf", None),
        ("terraform.tfvars", None),
        ("x.auto.tfvars", None),
    ],
)
def test_files_of_variables(tmp_path: Path, file: str, pattern: str | None) -> None:
    _write(tmp_path / file, "")
    assert folder.var_file(tmp_path) == pattern


def test_another_root_modules_variables_are_its_own(tmp_path: Path) -> None:
    _write(tmp_path / "env" / "dev" / "terraform.tfvars", "")
    _write(tmp_path / "env" / "dev" / "main.tf", "")
    assert folder.var_file(tmp_path) is None


def test_the_functions_folder(tmp_path: Path) -> None:
    _write(tmp_path / "src" / "app" / "main.py", "")
    _write(tmp_path / "tests" / "main.py", "")
    assert folder.source(tmp_path, "main.handler") == tmp_path / "src" / "app"
    assert folder.source(tmp_path, "app.main.handler") == tmp_path / "src"
    assert folder.source(tmp_path, "other.handler") is None
    assert folder.source(tmp_path, None) is None
    _write(tmp_path / "image" / "Dockerfile", "")
    assert folder.source(tmp_path, None) == tmp_path / "image"
    _write(tmp_path / "second" / "Dockerfile", "")
    assert folder.source(tmp_path, None) is None


def test_samples_in_every_form(tmp_path: Path) -> None:
    event = {"a": {"id": 7}, "order_id": "x"}
    data = base64.b64encode(json.dumps(event).encode()).decode()
    for text in (
        json.dumps(event, indent=1),
        json.dumps([event]),
        f"\n{json.dumps(event)}\n",
        json.dumps({"Records": [{"kinesis": {"data": data}}]}),
    ):
        assert samples.read(_write(tmp_path / "event.json", text)) == [event]
    assert samples.find(tmp_path) == tmp_path / "event.json"
    assert samples.ids([event]) == ["order_id", "a.id"]


@pytest.mark.parametrize(
    ("event", "likeliest"),
    [
        ({"user_id": 7, "id": "t-1"}, "id"),
        ({"device_id": "d", "eventId": "e"}, "eventId"),
        ({"paid": "yes", "orderId": 7}, "orderId"),
        ({"store_id": 1, "sales_id": 2}, "store_id"),
        ({"paid": "yes", "click": {"id": 5}}, "click.id"),
        ({"valid": "yes"}, "valid"),
    ],
)
def test_an_events_own_id_is_likelier_than_whom_it_is_about(event: dict[str, Any], likeliest: str) -> None:
    assert samples.ids([event])[0] == likeliest


@pytest.mark.parametrize("text", ["", "x", "[1]", '{"Records": [{"s3": {}}]}', '{"Records": []}'])
def test_a_file_without_events_is_no_sample(tmp_path: Path, text: str) -> None:
    with pytest.raises(HarnessError) as refused:
        samples.read(_write(tmp_path / "event.json", text))
    assert ("pytest plugin" in refused.value.next_step) is (text in ("x", "[1]", '{"Records": [{"s3": {}}]}'))
    with pytest.raises(HarnessError, match="no sample events") as missing:
        samples.find(tmp_path)
    assert missing.value.cause.splitlines()[1] == refused.value.cause


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "event.json").write_bytes(b'\xef\xbb\xbf{"order_id": 1}')
    file = samples.find(tmp_path)
    assert samples.read(file) == [{"order_id": 1}]
    assert command._kept(tmp_path, file, [{"order_id": 1}]) == "event.json"


def _plan(*resources: tuple[str, str, dict[str, Any]], mapping: dict[str, Any] | None) -> dict[str, Any]:
    planned = [
        {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "values": values}
        for kind, name, values in resources
    ]
    configured = [{"mode": "managed", "type": kind, "name": name, "expressions": {}} for kind, name, _ in resources]
    if mapping is not None:
        kind = "aws_lambda_event_source_mapping"
        expressions = {key: {"references": value} for key, value in mapping.items()}
        configured.append({"mode": "managed", "type": kind, "name": "m", "expressions": expressions})
    return {
        "planned_values": {"root_module": {"resources": planned}},
        "configuration": {"root_module": {"resources": configured}},
    }


STREAMS = [("aws_kinesis_stream", name, {"name": name}) for name in ("one", "two", "three")]
FUNCTION = ("aws_lambda_function", "f", {"function_name": "f", "environment": [{"variables": {"OUT": "three"}}]})


def test_the_output_is_the_stream_that_the_functions_environment_names() -> None:
    mapping = {"event_source_arn": ["aws_kinesis_stream.two.arn", "aws_kinesis_stream.two"]}
    reading = Reading(_plan(*STREAMS, FUNCTION, mapping=mapping))
    assert (reading.source_stream().names[0], reading.source_stream().certain) == ("two", True)
    assert (reading.output_stream("two").names, reading.output_stream("two").certain) == (("three", "one"), True)
    # one function, but the plan does not say that the mapping invokes it
    assert (reading.function().names, reading.function().certain) == (("f",), False)


def test_of_a_chain_the_ends_are_assumed() -> None:
    # GIVEN streams and functions made with for_each: no reference says which mapping reads which stream
    streams = [("aws_kinesis_stream", "this", {"name": name}) for name in ("enriched", "raw", "valid")]
    functions = [
        ("aws_lambda_function", "f", {"function_name": name, "environment": [{"variables": {"OUT": name}}]})
        for name in ("enriched", "valid")
    ]
    reading = Reading(_plan(*streams, *functions, mapping={"event_source_arn": ["aws_kinesis_stream.this"]}))
    # THEN the source is the one that no function writes to, and nothing is certain
    assert (reading.source_stream().names[0], reading.source_stream().certain) == ("raw", False)
    reading.choose("raw")
    output = reading.output_stream("raw")
    assert (output.names, output.certain) == (("enriched", "valid"), False)


def test_the_output_of_a_chain_is_the_stream_that_no_mapping_reads() -> None:
    second = ("aws_lambda_function", "g", {"function_name": "g", "environment": [{"variables": {"OUT": "one"}}]})
    plan = _plan(*STREAMS, FUNCTION, second, mapping={"event_source_arn": ["aws_kinesis_stream.one.arn"]})
    configured = plan["configuration"]["root_module"]["resources"]
    first = {"event_source_arn": {"references": ["aws_kinesis_stream.two.arn"]}}
    configured.append({**configured[-1], "name": "n", "expressions": first})
    reading = Reading(plan)
    assert reading.source_stream().names[0] == "two"
    assert reading.output_stream("two").names == ("three", "one")


UNNAMED: list[tuple[str, str, dict[str, Any]]] = [("aws_kinesis_stream", name, {}) for name in ("in", "out")]
NEW_FUNCTION: tuple[str, str, dict[str, Any]] = ("aws_lambda_function", "f", {})


def _unnamed(**outputs: str) -> Reading:
    """Return the reading of a plan in which only the apply makes the names: they have a random suffix."""
    mapping = {"event_source_arn": ["aws_kinesis_stream.in.arn"], "function_name": ["aws_lambda_function.f.arn"]}
    plan = _plan(*UNNAMED, NEW_FUNCTION, mapping=mapping)
    root = plan["configuration"]["root_module"]
    environment = {"variables": {"references": ["aws_kinesis_stream.out.name", "aws_kinesis_stream.out"]}}
    root["resources"][2]["expressions"] = {"environment": [environment]}
    root["outputs"] = {
        output: {"expression": {"references": [reference, reference.rpartition(".")[0]]}}
        for output, reference in outputs.items()
    }
    return Reading(plan)


def test_a_name_that_only_the_apply_makes_is_written_as_the_output_that_has_it() -> None:
    reading = _unnamed(arn="aws_kinesis_stream.in.arn", source="aws_kinesis_stream.in.name")
    source = reading.source_stream()
    assert (source.names[0], source.certain) == ("aws_kinesis_stream.in", True)
    assert command._reference(reading, source.names[0]) == '"source"'
    # the environment refers to the other stream, and nothing says that name
    output = reading.output_stream(source.names[0])
    assert (output.names, output.certain) == (("aws_kinesis_stream.out",), True)
    with pytest.raises(HarnessError, match=r"the name of aws_kinesis_stream\.out is known only after the apply"):
        command._reference(reading, output.names[0])
    assert command._optional(reading, output.names[0]) is None


def test_an_output_belongs_to_one_instance_of_several() -> None:
    reading = _unnamed(first="aws_kinesis_stream.in[0].name", second="aws_kinesis_stream.in[1].name")
    one = Resource("aws_kinesis_stream.in[0]", "aws_kinesis_stream", {})
    reading.planned = Planned((one, replace(one, address="aws_kinesis_stream.in[1]")), {})
    assert reading.output_for("aws_kinesis_stream.in[1]") == "second"


def test_a_reference_to_one_instance_is_none_to_all() -> None:
    # GIVEN a reference in each of its steps, as a plan has it
    reading = _plan(*UNNAMED, NEW_FUNCTION, mapping={"event_source_arn": _steps('aws_kinesis_stream.in["b"]', "arn")})
    planned = reading["planned_values"]["root_module"]["resources"]
    planned[0]["address"], planned[1]["address"] = 'aws_kinesis_stream.in["a"]', 'aws_kinesis_stream.in["b"]'
    found = Reading(reading).source_stream()
    assert (found.names[0], found.certain) == ('aws_kinesis_stream.in["b"]', True)


def _steps(instance: str, attribute: str) -> list[str]:
    return [f"{instance}.{attribute}", instance, instance.partition("[")[0]]


def test_a_registered_consumer_reads_its_stream() -> None:
    consumer = ("aws_kinesis_stream_consumer", "c", {"name": "c"})
    plan = _plan(*STREAMS, FUNCTION, consumer, mapping={"event_source_arn": ["aws_kinesis_stream_consumer.c.arn"]})
    configured = plan["configuration"]["root_module"]["resources"][4]
    configured["expressions"] = {"stream_arn": {"references": ["aws_kinesis_stream.two.arn"]}}
    reading = Reading(plan)
    assert (reading.source_stream().names[0], reading.source_stream().certain) == ("two", True)
    reading.choose("two")


def test_of_two_mappings_the_chosen_stream_decides_on_the_function() -> None:
    second = ("aws_lambda_function", "g", {"function_name": "g"})
    plan = _plan(*STREAMS, FUNCTION, second, mapping={"event_source_arn": ["aws_kinesis_stream.one.arn"]})
    mappings = [(each, name) for each, name in (("one", "f"), ("two", "g"))]
    configured = plan["configuration"]["root_module"]["resources"]
    configured[-1:] = [
        configured[-1]
        | {
            "name": stream,
            "expressions": {
                "event_source_arn": {"references": [f"aws_kinesis_stream.{stream}.arn"]},
                "function_name": {"references": [f"aws_lambda_function.{function}.arn"]},
            },
        }
        for stream, function in mappings
    ]
    reading = Reading(plan)
    # GIVEN two mappings of two streams THEN the plan leaves a choice
    assert (reading.source_stream().names[:2], reading.source_stream().certain) == (("one", "two"), False)
    # WHEN one is chosen THEN the function is the one that its mapping invokes
    reading.choose("two")
    assert (reading.function().names[0], reading.function().certain) == ("g", True)


def test_behind_an_alias_there_is_its_function() -> None:
    second = ("aws_lambda_function", "g", {"function_name": "g"})
    alias = ("aws_lambda_alias", "live", {"name": "live"})
    mapping = {"event_source_arn": ["aws_kinesis_stream.one.arn"], "function_name": ["aws_lambda_alias.live.arn"]}
    plan = _plan(*STREAMS, FUNCTION, second, alias, mapping=mapping)
    configured = plan["configuration"]["root_module"]["resources"][5]
    configured["expressions"] = {"function_name": {"references": ["aws_lambda_function.g.arn"]}}
    assert (Reading(plan).function().names[0], Reading(plan).function().certain) == ("g", True)


def _worker() -> dict[str, Any]:
    """Return the configuration of a module with a function and its mapping."""
    function = {"mode": "managed", "type": "aws_lambda_function", "name": "this", "expressions": {}}
    expressions = {
        "event_source_arn": {"references": ["var.source_arn"]},
        "function_name": {"references": ["aws_lambda_function.this.arn", "aws_lambda_function.this"]},
    }
    mapping = {"mode": "managed", "type": "aws_lambda_event_source_mapping", "name": "this", "expressions": expressions}
    return {"resources": [function, mapping]}


def _workers() -> Reading:
    """Return the reading of a plan with streams made by for_each, and two functions of one module."""
    stream = {"mode": "managed", "type": "aws_kinesis_stream", "name": "this", "expressions": {}}
    outputs = {"arn": {"expression": {"references": ["aws_kinesis_stream.this.arn", "aws_kinesis_stream.this"]}}}
    calls: dict[str, Any] = {"stream": {"module": {"resources": [stream], "outputs": outputs}}}
    for name, source in (("audit", "sessions"), ("enrich", "clicks")):
        reference = f'module.stream["{source}"]'
        calls[name] = {
            "module": _worker(),
            "expressions": {"source_arn": {"references": [f"{reference}.arn", reference, "module.stream"]}},
        }
    planned = [(f'module.stream["{name}"].aws_kinesis_stream.this', {"name": name}) for name in ("sessions", "clicks")]
    planned += [(f"module.{name}.aws_lambda_function.this", {"function_name": name}) for name in ("audit", "enrich")]
    resources = [
        {"address": address, "mode": "managed", "type": address.split(".")[-2], "values": values}
        for address, values in planned
    ]
    return Reading(
        {
            "planned_values": {"root_module": {"resources": resources}},
            "configuration": {"root_module": {"module_calls": calls}},
        }
    )


@pytest.mark.parametrize(("source", "function"), [("clicks", "enrich"), ("sessions", "audit")])
def test_of_two_functions_of_one_module_it_is_the_one_that_reads_the_source(source: str, function: str) -> None:
    reading = _workers()
    reading.choose(source)
    assert (reading.function().names[0], reading.function().certain) == (function, True)


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("module.a.aws_kinesis_stream.s", True),
        ('module.a["x.y"].aws_kinesis_stream.s', True),
        ('module.a["x"].aws_kinesis_stream.s', False),
        ('module.a["x.y"].aws_kinesis_stream.s[1]', False),
        ("module.a.aws_kinesis_stream.s[0]", True),
        ("aws_kinesis_stream.s", False),
    ],
)
def test_a_reference_without_a_key_is_to_every_instance(reference: str, found: bool) -> None:
    assert references.covers(reference, 'module.a["x.y"].aws_kinesis_stream.s[0]') is found


def test_of_functions_that_may_read_the_source_the_likeliest_writes_to_the_output() -> None:
    # GIVEN for_each: the plan does not say which function the mapping of a stream invokes
    functions = [
        ("aws_lambda_function", name, {"function_name": name, "environment": [{"variables": {"OUT": out}}]})
        for name, out in (("audit", "none"), ("enrich", "arn:aws:kinesis:eu-west-1:000000000000:stream/three"))
    ]
    reading = Reading(_plan(*STREAMS, *functions, mapping={"event_source_arn": ["aws_kinesis_stream.one.arn"]}))
    assert (reading.function("three").names, reading.function("three").certain) == (("enrich", "audit"), False)
    # The name of a stream may be known only after the apply: then the reference says it.
    plan = _plan(*UNNAMED, ("aws_lambda_function", "a", {}), ("aws_lambda_function", "b", {}), mapping={})
    environment = {"variables": {"references": ["aws_kinesis_stream.out.name", "aws_kinesis_stream.out"]}}
    plan["configuration"]["root_module"]["resources"][3]["expressions"] = {"environment": [environment]}
    assert Reading(plan).function("aws_kinesis_stream.out").names[0] == "aws_lambda_function.b"


def test_a_mapping_of_a_queue_is_none_of_a_stream() -> None:
    with pytest.raises(HarnessError, match="no event source mapping in the plan reads a Kinesis stream"):
        Reading(_plan(*STREAMS, FUNCTION, mapping={"event_source_arn": ["aws_sqs_queue.q.arn", "aws_sqs_queue.q"]}))


def test_where_nobody_is_asked_the_other_names_are_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("YES", "1")
    assert command._chosen("output stream", Choices(("one", "two", "three"), certain=False)) == "one"
    assert command._chosen("function", Choices(("f", "g"), certain=True)) == "f"
    assert capsys.readouterr().err == "output stream: one, assumed; or two, three\nfunction: f\n"


def test_keys_that_jmespath_takes_only_in_quotation_marks(tmp_path: Path) -> None:
    events = [{"order-id": 7, "customer": {"e-mail": "x"}}]
    assert samples.ids(events) == ['"order-id"', 'customer."e-mail"']
    found = Identity.of(Ledger(id_in=samples.ids(events)[0], id_out="x"))
    assert found.of_event(events[0]) == 7
    assert found.with_id(events[0], 8)["order-id"] == 8


def test_a_users_file_of_samples_is_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = _write(tmp_path / "samples.jsonl", '{"mine": 1}\n')
    data = base64.b64encode(b'{"order_id": 1}').decode()
    given = _write(tmp_path / "event.json", json.dumps({"Records": [{"kinesis": {"data": data}}]}))
    for _ in range(2):  # the second time, the file that the first has made is used again
        assert command._kept(tmp_path, given, [{"order_id": 1}]) == "samples-2.jsonl"
    assert mine.read_text() == '{"mine": 1}\n'
    assert (tmp_path / "samples-2.jsonl").read_text() == '{"order_id": 1}\n'
    # what is written is said, once
    assert capsys.readouterr().err.replace("\n", "").count("samples-2.jsonl, the events of") == 1


@pytest.mark.parametrize("text", ['{\n "order_id": 1\n}', '[{"order_id": 1}]', '\n{"order_id": 1}\n'])
def test_a_file_that_the_pipeline_reads_is_kept(tmp_path: Path, text: str) -> None:
    given = _write(tmp_path / "event.json", text)
    assert command._kept(tmp_path, given, [{"order_id": 1}]) == "event.json"
    assert list(tmp_path.iterdir()) == [given]


@pytest.mark.parametrize(
    ("resources", "mapping", "cause"),
    [
        (STREAMS, {}, "no Lambda function"),
        ([FUNCTION], {}, "no Kinesis stream"),
        ([*STREAMS, FUNCTION], None, "no event source mapping"),
    ],
)
def test_a_plan_without_a_pipeline_is_refused(resources: list[Any], mapping: dict[str, Any] | None, cause: str) -> None:
    with pytest.raises(HarnessError, match=cause):
        Reading(_plan(*resources, mapping=mapping))


def test_a_pipeline_without_a_stream_of_answers_gets_the_way_that_exists() -> None:
    bucket = ("aws_s3_bucket", "curated", {"bucket": "curated"})
    reading = Reading(_plan(STREAMS[0], FUNCTION, bucket, mapping={"event_source_arn": ["aws_kinesis_stream.one.arn"]}))
    with pytest.raises(HarnessError, match="no second Kinesis stream") as refused:
        command._some(reading.output_stream("one"))
    assert "pytest plugin" in refused.value.next_step
    assert "by hand" not in refused.value.next_step  # outputs.output_stream is required


def test_what_a_local_run_cannot_prove() -> None:
    function = {"tracing_config": [{"mode": "Active"}], "vpc_config": [{"subnet_ids": ["s"]}]}
    found = unproved.of(
        [
            Resource("aws_kms_key.k", "aws_kms_key", {}),
            Resource("aws_lambda_function.f", "aws_lambda_function", function),
            Resource("aws_kinesis_stream.s", "aws_kinesis_stream", {}),
        ]
    )
    assert [address for address, _ in found] == ["aws_kms_key.k", "aws_lambda_function.f", "aws_lambda_function.f"]


@pytest.mark.parametrize(("runtime", "warned"), [("embedded", True), ("docker", False)])
def test_a_runtime_that_only_containers_have_is_warned_of_without_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], runtime: str, warned: bool
) -> None:
    monkeypatch.setenv("RUNTIME", runtime)
    java = ("aws_lambda_function", "f", {"function_name": "f", "runtime": "java21"})
    command._warn_of_refusals(Reading(_plan(*STREAMS, java, mapping={})))
    assert ("aws_lambda_function.f cannot run here" in capsys.readouterr().err) == warned
