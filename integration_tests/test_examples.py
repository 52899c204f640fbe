"""Other pipelines on the same harness, run as a user runs them: by the `pipeline` command alone."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.ledger import report
from harness.local import deployment, runtimes
from harness.machine import ports, processes
from harness.model import evaluation, hold_out
from harness.paths import ROOT, STACKS, VENV_BIN
from harness.pipeline import code, definition
from harness.stack import state as stacks
from harness.stack.state import DOCKER
from harness.terraform.runner import Terraform

pytestmark = pytest.mark.local_only

EXAMPLES = ROOT / "examples"
NAMES = ["plain", "rides"]
MOST_FILES = 8
DEADLINE = 900.0  # seconds, of one command
# What must work for any pipeline, and therefore may name none of these.
GENERAL = ["scripts", "emulator", "infrastructure", "service", "Makefile", "docker-compose.yml"]

type Command = Callable[..., str]


@pytest.fixture
def runtime() -> str:
    """The suite's runtime."""
    return os.environ.get("RUNTIME") or runtimes.default()


@pytest.fixture
def pipeline(name: str, runtime: str) -> Iterator[Command]:
    """Runs the `pipeline` command for an example; its exit status must be 0."""
    if (STACKS / name).exists():
        pytest.fail(f"{STACKS / name} is in use: PIPELINE=examples/{name} make local-down", pytrace=False)
    port = str(ports.free_ports(1)[0])
    env = {**os.environ, "PIPELINE": f"examples/{name}", "RUNTIME": runtime, "LOCALSTACK_PORT": port}

    def run(*words: str) -> str:
        return _output([str(VENV_BIN / "pipeline"), *words], ROOT, env)

    try:
        yield run
    finally:
        run("down")


def _output(command: list[str], cwd: Path, env: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=DEADLINE
    )
    assert done.returncode == 0, f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout}"
    return done.stdout


@pytest.mark.long_proof
@pytest.mark.own_stacks
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", ["rides"])  # test_pages.py runs the other one
def test_an_example_runs_with_every_safeguard_of_the_harness(name: str, pipeline: Command) -> None:
    pipeline("up")
    _check(pipeline, name, 2000, "verify", "COUNT=2000")
    _check(pipeline, name, 400, "chaos", "SEED=7", "COUNT=400")
    assert "ACTIVE, 2 shards" in pipeline("local-status")
    stack = stacks.running(name)
    assert Terraform(stack, deployment.variables(stack, stack.run_id)).plan_is_empty()
    pipeline("down")
    assert not (STACKS / name).exists()
    assert processes.port_is_free(stack.port)


def _check(pipeline: Command, name: str, count: int, *words: str) -> None:
    """Run a command, and check the verdicts that it wrote about this many events."""
    file = report.path_for(name)
    file.unlink(missing_ok=True)
    pipeline(*words)
    found = json.loads(file.read_text(encoding="utf-8"))
    assert found["passed"]
    assert len(found["events"]) == count
    assert {event["verdict"] for event in found["events"]} <= {"predicted", "predicted twice", "failed with reason"}


STAGE = """\
bucket              = "orders-state"
key                 = "orders.tfstate"
region              = "eu-central-1"
allowed_account_ids = ["123456789012"]
"""


@pytest.mark.long_proof
@pytest.mark.own_stacks
@pytest.mark.timeout(900)
def test_a_deployment_of_another_pipeline_is_rehearsed_as_an_upgrade_of_its_earlier_commit(
    tmp_path: Path, runtime: str
) -> None:
    if runtime == DOCKER:
        pytest.skip("it is a Zip in every runtime: the suite without containers runs it")
    # GIVEN a repository with the plain example, a variables file and a backend file, changed since its first commit
    folder = shutil.copytree(EXAMPLES / "plain", tmp_path / "plain", ignore=shutil.ignore_patterns("__pycache__"))
    file, main = folder / "pipeline.toml", folder / "infrastructure" / "main.tf"
    file.write_text(file.read_text().replace('"infrastructure"', '"infrastructure"\nvar_file = "vars/{stage}.tfvars"'))
    (folder / "vars").mkdir()
    (folder / "vars" / "stg.tfvars").write_text("retention = 48\n")
    (folder / "vars" / "stg.s3.tfbackend").write_text(STAGE)
    with main.open("a") as appended:
        appended.write('variable "retention" {\n  default = 24\n}\n')
    _commit(folder)
    name = 'name        = "orders"\n'
    assert name in main.read_text()
    main.write_text(main.read_text().replace(name, f"{name}  retention_period = var.retention\n"))
    _commit(folder)
    # WHEN its deployment is rehearsed
    env = {**os.environ, "PIPELINE": str(folder), "RUNTIME": runtime}
    said = _output([str(VENV_BIN / "pipeline"), "rehearse"], ROOT, env)
    # THEN the earlier commit's streams are kept, the smoke test passes, and nothing is left but what AWS keeps, too
    assert "— a stack of commit" in said
    assert re.search(r"~ change +aws_kinesis_stream\.orders", said)
    assert "Terraform apply: 0 added, 1 changed, 0 destroyed" in said
    assert re.search(r"^predicted +20 *$", said, re.MULTILINE)
    assert "left over: logs /aws/lambda/enrich. Lambda makes a log group" in said
    assert "only the state bucket orders-state" in said


@pytest.mark.long_proof
@pytest.mark.own_stacks
@pytest.mark.timeout(300)
def test_the_costs_of_another_pipeline_are_those_of_its_plan(runtime: str) -> None:
    if runtime == DOCKER:
        pytest.skip("its plan needs no containers: the suite without them makes it")
    env = {**os.environ, "PIPELINE": "examples/plain", "RUNTIME": runtime}
    said = _output([str(VENV_BIN / "pipeline"), "cost", "DURATION_MS=20", "RATE=100"], ROOT, env)
    assert re.search(r"^\| shards per stream +\| +2, enough", said, re.MULTILINE)
    assert re.search(r"^\| ms billed per invocation +\| +0 \| +20 ", said, re.MULTILINE)
    assert "stg in eu-central-1" in said
    assert "the price in eu-central-1 is unknown; the table uses that of us-east-1" in said


def _commit(folder: Path) -> None:
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "x"]):
        subprocess.run(["git", *identity, *words], cwd=folder, check=True, timeout=30)


@pytest.mark.long_proof
def test_the_promotion_of_rides_refuses_a_model_that_differs_from_the_trained_one(tmp_path: Path) -> None:
    """In the process of the pipeline's own functions, without a stack."""
    functions = code.of(definition.at(str(EXAMPLES / "rides")))
    folders = {"mlflow_dir": tmp_path, "cache_dir": tmp_path}
    trained = functions.call(["model", "train"], "training:train", folders, tracking_uri=None)
    model = {"folder": Path(trained["model_dir"])}
    functions.call(["model", "promote"], "training:check", model, run_id=trained["run_id"])
    judged = evaluation.parse((model["folder"] / evaluation.FILE).read_bytes(), evaluation.FILE)  # for the page
    assert judged.hold_out is not None
    assert hold_out.errors(judged.hold_out)["rmspe"] < 0.5
    assert [sum(each.counts) for each in judged.training.features if isinstance(each.counts, list)] == [16_000] * 3
    with pytest.raises(HarnessError, match="does not name run"):
        functions.call(["model", "promote"], "training:check", model, run_id="0" * 32)
    native = model["folder"] / "extra_files" / "model.txt"
    text = native.read_text()  # it states the sizes of its trees, hence one digit for one
    native.write_text(re.sub(r"(?m)^leaf_value=\d", "leaf_value=9", text, count=1))
    assert native.read_text() != text
    functions.close()  # it keeps the model
    with pytest.raises(HarnessError, match="off LightGBM"):
        functions.call(["model", "promote"], "training:check", model, run_id=trained["run_id"])


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_small_and_nothing_general_names_it(name: str) -> None:
    listed = _git("ls-files", "--cached", "--others", "--exclude-standard", "--", f"examples/{name}")
    assert 0 < len(listed) <= MOST_FILES
    assert _git("grep", "-lF", f"examples/{name}", "--", *GENERAL, ":!*/tests/*") == []
    assert f"examples/{name}" in (EXAMPLES / name / "README.md").read_text(), "the name that was looked for"


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-image.txt"])
def test_rides_runs_the_service_s_versions(lock: str) -> None:
    """The versions that training has, too: scripts/lock.sh sees to that for the service."""
    found = _locked(EXAMPLES / "rides" / "function" / lock)
    assert "onnxruntime" in "".join(found)
    assert found <= _locked(ROOT / "service" / lock), "copy the entries from there"


def _locked(lock: Path) -> set[str]:
    """Return a lock's entries, each with its hashes."""
    return set(re.split(r"\n(?=\S)", lock.read_text().rstrip()))


def _git(*words: str) -> list[str]:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode <= 1, done.stderr  # 1: grep finds nothing
    return sorted(done.stdout.splitlines())
