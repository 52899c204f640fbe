"""pytest's hooks and the fixtures `emulator`, `terraform_stack`, `ledger`, `faults` and `iam_denials`.

pytest finds this module by its entry point, in every project where the emulator is installed, so it imports nothing
else of the package until a test asks for a fixture.
"""

from __future__ import annotations

import contextlib
import functools
import signal
import threading
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pipeline_emulator.testing.emulator import Emulator, Faults
    from pipeline_emulator.testing.ledger import Ledger
    from pipeline_emulator.testing.terraform_stack import TerraformStack

_FIXTURE = "emulator"
_REPORT = "--emulator-report"
_BEGAN = pytest.StashKey[datetime]()
_RUNNING = pytest.StashKey["Emulator"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--emulator` and `--emulator-report`."""
    group = parser.getgroup("pipeline-emulator")
    group.addoption(
        "--emulator",
        default="embedded",
        metavar="embedded|docker|docker:IMAGE|URL|aws",
        help="what tests with the fixture `emulator` use: one started for them, as a process (embedded, the default) "
        "or in a container (docker), one that runs at a URL, or AWS itself, with your credentials",
    )
    group.addoption(
        _REPORT,
        metavar="FILE",
        help="write an HTML page with the functions' logs, the end of the emulator's, what IAM did not allow, failed "
        "events and the ledger's verdict of each test",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Collect the tests for the page, except in a worker of pytest-xdist."""
    if (path := config.getoption(_REPORT)) and not hasattr(config, "workerinput"):
        from pipeline_emulator.testing import html_report

        config.pluginmanager.register(html_report.HtmlReport(html_report.checked(str(path))))


@pytest.fixture(scope="session")
def emulator_settings() -> dict[str, object]:
    """Settings for the emulator, by name in `pipeline_emulator.SETTINGS`; override it in your conftest.py."""
    return {}


@pytest.fixture(scope="session")
def emulator(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, emulator_settings: dict[str, object]
) -> Iterator[Emulator]:
    """An emulator for all tests of a process: with pytest-xdist, each worker has its own."""
    from pipeline_emulator.testing import emulator as emulators

    chosen = str(request.config.getoption("--emulator"))
    folder = tmp_path_factory.mktemp("emulator")
    with _terminated_like_interrupted(), contextlib.ExitStack() as stack:
        found = _or_fail(lambda: stack.enter_context(emulators.chosen(chosen, folder, emulator_settings)))
        request.config.stash[_RUNNING] = found
        stack.callback(request.config.stash.__delitem__, _RUNNING)
        yield found


@pytest.fixture(scope="session")
def terraform_stack(
    request: pytest.FixtureRequest, emulator: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., TerraformStack]]:
    """A function that applies a root module; its arguments are those of `TerraformStacks.apply`.

    The module is applied once for the same arguments, and destroyed at the end of the session.
    """
    from pipeline_emulator.testing.terraform_stack import TerraformStacks

    progress = functools.partial(_tell, request.config)
    stacks = TerraformStacks(emulator, request.config.rootpath, tmp_path_factory.getbasetemp(), progress)

    def apply(*arguments: Any, **options: Any) -> TerraformStack:
        return _or_fail(lambda: stacks.apply(*arguments, **options))

    yield apply
    _or_fail(stacks.destroy)


@pytest.fixture
def ledger(emulator: Emulator) -> Ledger:
    """An empty ledger: `put` events, `collect` answers, ask for the `verdict`."""
    from pipeline_emulator.testing.ledger import Ledger

    return Ledger(emulator)


@pytest.fixture
def faults(emulator: Emulator) -> Iterator[Faults]:
    """Fault injection; no fault outlives the test."""
    from pipeline_emulator.testing.emulator import Faults

    if emulator.endpoint_url is None:
        pytest.skip("faults cannot be injected into AWS")
    found = Faults(emulator)
    yield found
    found.clear()


@pytest.fixture
def iam_denials(emulator: Emulator) -> Callable[[], list[dict[str, Any]]]:
    """A function that returns what IAM has not allowed since the test began."""
    if emulator.endpoint_url is None:
        pytest.skip("AWS keeps no list of what IAM refused; see CloudTrail")
    began = datetime.now(UTC)
    return lambda: [each for each in emulator.denials() if datetime.fromisoformat(each["last"]) >= began]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Remember when a test began."""
    item.stash[_BEGAN] = datetime.now(UTC)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what the emulator knows to the report of a failed test, or of each test if a page is written.

    A test fails in its setup, too: when the fixture that deploys does.
    """
    report = yield
    wanted = report.failed or (report.when == "call" and item.config.getoption(_REPORT))
    if wanted and report.when != "teardown" and (found := _used_by(item)):
        from pipeline_emulator.testing import failure_report

        ledger = getattr(item, "funcargs", {}).get("ledger")
        report.sections += failure_report.sections(found, item.stash[_BEGAN], ledger)
    return report


def _used_by(item: pytest.Item) -> Emulator | None:
    """Return the emulator, if it runs and the test uses it, be it through another fixture."""
    names = getattr(item, "fixturenames", ())
    return item.config.stash.get(_RUNNING, None) if _FIXTURE in names else None


@contextlib.contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """End on SIGTERM, which CI and `timeout` send, as on Ctrl-C: with what the fixtures do at their end.

    By default it ends the process at once, and the emulator, its functions and Terraform's provider go on.
    """
    if (
        signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _tell(config: pytest.Config, line: str) -> None:
    """Print a line although a test runs, whose output pytest captures."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    if terminal:  # the workers of pytest-xdist have none
        with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
            terminal.ensure_newline()
            terminal.write_line(line)


def _or_fail[T](act: Callable[[], T]) -> T:
    """Return what a function returns; if it raises our error, fail with its message, without a traceback."""
    from pipeline_emulator.launcher.errors import EmulatorError

    try:
        return act()
    except EmulatorError as error:
        failure = f"{error.cause}\nnext: {error.next_step}"
    pytest.fail(failure, pytrace=False)  # not within the except clause, which would show the traceback
