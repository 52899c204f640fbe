"""aws_lambda_function and aws_lambda_alias."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from botocore.exceptions import ClientError

from benchmarks.fidelity.bench import CODE, Bench, package, refusal
from benchmarks.fidelity.bindings import probe
from benchmarks.fidelity.verdicts import Seen
from harness.errors import HarnessError
from harness.machine.waiting import poll

FUNCTION, ALIAS = "aws_lambda_function", "aws_lambda_alias"


@probe(FUNCTION, "timeout")
def timeout(bench: Bench) -> Seen:
    """A timeout of 1 s ends an invocation that takes 5 s; one of 30 s does not."""
    short, long = (bench.invoke(bench.function(Timeout=seconds), sleep=5) for seconds in (1, 30))
    ended = "timed out" in str(short.get("errorMessage", "")).lower() and "FunctionError" not in long
    return Seen(ended, f"a timeout of 1 s {'ends' if ended else 'does not end'} an invocation of 5 s")


@probe(FUNCTION, "memory_size")
def memory(bench: Bench) -> Seen:
    """300 MB do not fit into 128 MB, but into 1,024 MB."""
    small, large = (bench.invoke(bench.function(MemorySize=size), megabytes=300) for size in (128, 1024))
    killed = "FunctionError" in small and large.get("taken") == 300 * 2**20
    return Seen(killed, f"300 MB {'do not fit' if killed else 'fit'} into 128 MB (the CPU share is not limited)")


@probe(FUNCTION, "environment.variables", "function_name", "package_type")
def environment(bench: Bench) -> Seen:
    """The function sees its variables, and no longer sees them once they are removed."""
    name = bench.function(Environment={"Variables": {"PROBE": "one"}})
    first = bench.invoke(name)["environment"]
    bench.client("lambda").update_function_configuration(FunctionName=name, Environment={"Variables": {}})
    poll(lambda: _settled(bench, name), "the update", 60)
    seen = first.get("PROBE") == "one" and "PROBE" not in bench.invoke(name)["environment"]
    named = first.get("AWS_LAMBDA_FUNCTION_NAME") == name
    return Seen(seen and named, f"the function under its name {'sees' if seen else 'does not see'} what is set")


@probe(FUNCTION, "filename", "handler", "runtime", "image_uri")
def code(bench: Bench) -> Seen:
    """The given code runs from the configured entry point; with another entry point it fails."""
    made = package(CODE, bench.image)
    works = str(bench.invoke(bench.function(**made)).get("python", "")).startswith("3.13")
    entry = {"ImageConfig": {"EntryPoint": ["/no/such/program"]}}
    wrong: dict[str, Any] = entry if bench.image else {"Handler": "nothing.here"}
    fails = "FunctionError" in bench.invoke(bench.function(**made | wrong))
    what = "the image runs from its entry point" if bench.image else "the Zip runs from its handler"
    return Seen(works and fails, f"{what} on Python 3.13 and from no other" if works and fails else "other code runs")


@probe(FUNCTION, "source_code_hash")
def code_hash(bench: Bench) -> Seen:
    """The function reports the hash of its code, by which the provider recognizes new code."""
    made = package(CODE, bench.image)
    reported = bench.client("lambda").get_function_configuration(FunctionName=bench.function(**made))["CodeSha256"]
    if bench.image:
        right = reported == bench.image.rpartition("sha256:")[2]
    else:
        right = reported == base64.b64encode(hashlib.sha256(made["Code"]["ZipFile"]).digest()).decode()
    return Seen(right, f"the reported code hash {'matches' if right else 'does not match'} the given code")


@probe(FUNCTION, "architectures")
def architectures(bench: Bench) -> Seen:
    """A function for another architecture than this machine's reports it, or is refused."""
    other = {"x86_64": "arm64"}.get(bench.invoke(bench.function())["machine"], "x86_64")
    try:
        machine = str(bench.invoke(bench.function(Architectures=[other])).get("machine"))
    except (ClientError, HarnessError):
        return Seen(True, f"code of this machine is not run as {other}")
    right = machine.replace("aarch64", "arm64") == other
    return Seen(right, f"a function for {other} runs on {machine}")


@probe(FUNCTION, "role")
def role(bench: Bench) -> Seen:
    """The function's requests come from a session of its role."""
    who = str(bench.invoke(bench.function(), who=True).get("who"))
    right = "assumed-role/" + bench.function_role().rpartition("/")[2] in who
    return Seen(right, f"requests of the function come from {'its role' if right else who}")


@probe(FUNCTION, "tracing_config.mode")
def tracing(bench: Bench) -> Seen:
    """An invocation with active tracing shows up in X-Ray."""
    trace = str(bench.invoke(bench.function(TracingConfig={"Mode": "Active"}))["environment"].get("_X_AMZN_TRACE_ID"))
    root = dict(part.split("=", 1) for part in trace.split(";") if "=" in part).get("Root", "1-00000000-" + "0" * 24)
    try:
        found = bench.client("xray").batch_get_traces(TraceIds=[root])["Traces"]
    except ClientError as error:
        return Seen(False, f"X-Ray answers {error.response['Error']['Code']}")
    return Seen(bool(found), "the trace is in X-Ray" if found else "no trace arrives at X-Ray")


@probe(FUNCTION, "reserved_concurrent_executions")
def concurrency(bench: Bench) -> Seen:
    """A reserved concurrency of 0 stops invocations."""
    name = bench.function()
    bench.client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    code = refusal(lambda: bench.invoke(name))
    return Seen(
        code == "TooManyRequestsException", f"with a reserved concurrency of 0, an invocation gets {code or 'through'}"
    )


@probe(FUNCTION, "publish")
@probe(ALIAS, "function_name", "function_version", "name")
def versions(bench: Bench) -> Seen:
    """A published version does not change with the function, and an alias runs the version it points to."""
    functions = bench.client("lambda")
    name = bench.function(Publish=True, Environment={"Variables": {"PROBE": "one"}})
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": {"PROBE": "two"}})
    poll(lambda: _settled(bench, name), "the update", 60)
    second = functions.publish_version(FunctionName=name)["Version"]
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    answers = [bench.invoke(name, "live")["environment"]["PROBE"]]
    functions.update_alias(FunctionName=name, Name="live", FunctionVersion=second)
    answers.append(bench.invoke(name, "live")["environment"]["PROBE"])
    right = answers == ["one", "two"]
    return Seen(
        right, f"the alias answers {'from the version it names' if right else answers}, which stays as published"
    )


def _settled(bench: Bench, name: str) -> bool:
    found = bench.client("lambda").get_function_configuration(FunctionName=name)
    return bool(found["LastUpdateStatus"] == "Successful" and found["State"] == "Active")
