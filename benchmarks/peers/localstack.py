"""LocalStack's own tests of Kinesis, mappings and Lambda, with their snapshots of AWS's responses.

They are not copied: they run from a checkout. A snapshot is compared as a whole, without the exceptions that the tests
make for LocalStack (`inside/snapshot_results.py`).
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.peers import expectations, page, targets
from benchmarks.peers.expectations import Outcome
from benchmarks.rivals import environments
from harness import console, paths
from harness.errors import HarnessError
from harness.machine import environment
from harness.paths import shown
from harness.setup import install

# The last public revision: its tests are those of the release that we build on.
REVISION = "8b9a79f05846835cf4dff63ab7eefdde9df83783"
SOURCE = "https://github.com/localstack/localstack"
HERE = Path(__file__).parent
LOCK = HERE / "localstack.txt"
EXPECTED = HERE / "localstack.toml"
VENV = environments.VENVS / "localstack-tests"
_LAMBDA = "tests/aws/services/lambda_"
FILES = (
    "tests/aws/services/kinesis/test_kinesis.py",
    f"{_LAMBDA}/event_source_mapping/test_lambda_integration_kinesis.py",
    f"{_LAMBDA}/event_source_mapping/test_lambda_integration_sqs.py",
    f"{_LAMBDA}/event_source_mapping/test_lambda_integration_dynamodbstreams.py",
    f"{_LAMBDA}/test_lambda_api.py",
    f"{_LAMBDA}/test_lambda.py",
)
# Left out: tests that patch LocalStack's process (a version number there passes by chance one time in ten), and
# TestKinesisMockScala, which runs TestKinesis again with another server of LocalStack's that is not here.
SELECTED = (
    *("-m", "not requires_in_process", "--deselect", f"{FILES[0]}::TestKinesisMockScala"),
    *("--deselect", f"{_LAMBDA}/test_lambda_api.py::TestLambdaLayer::test_layer_deterministic_version"),
)
# With the default, 000000000000, the number of a shard is taken for the account, and differs from AWS's recorded one.
ACCOUNT = "424242424242"
TEST_SECONDS = 120  # per test
DEADLINE = 3600.0  # for all, per target


def run(folder: Path, names: Sequence[str] = ("ours",), *, write: bool = False) -> None:
    """Run the tests against emulators, and compare our emulator's results with the list of expected failures.

    Args:
        folder: has LocalStack's sources in its folder `localstack`, or is that folder.
        names: of the targets. The results of others are only counted.
        write: whether to write the table of docs/peers.md, with the last results of each target.

    Raises:
        HarnessError: the sources are missing, or the results differ from the list; the differences are printed.
    """
    sources, expected = sources_in(folder), expectations.read(EXPECTED)
    install.locked_environment("LocalStack's test libraries", VENV, LOCK)
    for name in names:
        results = _measure(sources, name)
        for file in FILES:
            console.say(f"  {file.rpartition('/')[2]}: {expectations.totals(page.of_file(results, file))}")
    if write:
        page.write(_last_results(), {name: targets.title(name) for name in targets.NAMES}, FILES)
    if "ours" in names and (found := expectations.differences(_last_results()["ours"], expected)):
        console.say("\n".join(found))
        raise HarnessError(
            f"{len(found)} tests differ from {shown(EXPECTED)}", "fix what failed, or correct the list and say why"
        )


def _measure(sources: Path, name: str) -> dict[str, Outcome]:
    with targets.opened(name) as stack, console.step(f"LocalStack's tests on {targets.title(name)}") as step:
        results = _results(sources, stack.port, name)
        step.result = expectations.totals(results)
        return results


def _last_results() -> dict[str, dict[str, Outcome]]:
    return {name: _read(_log(name, "json")) for name in targets.NAMES if _log(name, "json").exists()}


def _read(path: Path) -> dict[str, Outcome]:
    return {test: Outcome(*outcome) for test, outcome in json.loads(path.read_text()).items()}


def _log(name: str, ending: str) -> Path:
    return paths.CACHE / "logs" / f"peers-{name}.{ending}"


def sources_in(folder: Path) -> Path:
    """Return the folder with LocalStack's sources.

    Raises:
        HarnessError: it is not there.
    """
    for found in (folder / "localstack", folder):
        if all((found / file).is_file() for file in FILES):
            return found.absolute()
    raise HarnessError(
        f"PEER_SUITES={folder}: there are no sources of LocalStack",
        f"git clone {SOURCE} {folder / 'localstack'} && git -C {folder / 'localstack'} checkout {REVISION}",
    )


def _results(sources: Path, port: int, name: str) -> dict[str, Outcome]:
    found, log = _log(name, "json"), _log(name, "log")
    found.parent.mkdir(parents=True, exist_ok=True)
    found.unlink(missing_ok=True)
    command: list[str | Path] = [
        VENV / "bin" / "python",
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-p",
        "snapshot_results",
    ]
    options = [f"--timeout={TEST_SECONDS}", "--tb=short", "--show-capture=no", "-o", "log_level=WARNING"]
    with log.open("wb") as sink:
        try:
            subprocess.run(
                [*command, *options, *SELECTED, *FILES], cwd=sources, env=_variables(found, port), check=False,
                stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT, timeout=DEADLINE,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise HarnessError(f"LocalStack's tests took longer than {DEADLINE:.0f} s", f"read {shown(log)}") from None
    if not found.exists():
        raise HarnessError("LocalStack's tests ended without results", f"read {shown(log)}")
    return _read(found)


def _variables(results: Path, port: int) -> Mapping[str, str]:
    return environment.for_emulator(
        DISABLE_EVENTS="1",
        DNS_ADDRESS="0",
        LAMBDA_RUNTIME_EXECUTOR="process",
        PEER_PORT=str(port),
        PEER_RESULTS=str(results),
        PYTHONPATH=str(HERE / "inside"),
        PYTHONDONTWRITEBYTECODE="1",  # the checkout is not ours
        SKIP_SSL_CERT_DOWNLOAD="1",
        TEST_AWS_ACCESS_KEY_ID=ACCOUNT,  # LocalStack takes a key with twelve digits for its account
        TEST_AWS_ACCOUNT_ID=ACCOUNT,
        TEST_AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}",
        TEST_SKIP_LOCALSTACK_START="1",
    )
