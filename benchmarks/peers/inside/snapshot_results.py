"""A pytest plugin for LocalStack's tests: points them at the emulator, checks snapshots strictly, records results.

Runs in the suite's own environment. A snapshot must match as a whole: where the suite leaves out paths that it knows to
differ from AWS (`skip_snapshot_verify`), a difference fails the test here.

PEER_PORT: the emulator's port on 127.0.0.1.
PEER_RESULTS: file to write the results to: a JSON object of test id to `[outcome, message]`. The outcome is `passed`,
`lenient` (would pass with the suite's exceptions), `failed` or `skipped`.
"""

import copy
import io
import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from botocore.response import StreamingBody
from localstack import config
from localstack_snapshot.snapshots import SnapshotAssertionError, SnapshotSession

_results: dict[str, tuple[str, str]] = {}
_lenient: set[str] = set()
_assert_with_exceptions = SnapshotSession._assert_all


def _assert_strictly(session: Any, verify: bool = True, paths: list[str] | None = None) -> Any:
    _read_streams(session.observed_state)  # they can be read once
    strict = copy.copy(session)
    states = (session.recorded_state, session.observed_state, session.results)
    strict.recorded_state, strict.observed_state, strict.results = copy.deepcopy(states)
    found = _assert_with_exceptions(session, verify, paths)
    try:
        _assert_with_exceptions(strict)
    except SnapshotAssertionError:
        _lenient.add(session.scope_key)
        raise
    return found


def _read_streams(state: dict[str, Any]) -> None:
    """Replace streams with their text. The session itself parses JSON, one level deep each time that it is asked."""
    for name, value in state.items():
        if isinstance(value, io.IOBase | StreamingBody):
            state[name] = value.read().decode()
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                _read_streams(each)


SnapshotSession._assert_all = _assert_strictly


def _address_of(host: Any, *args: Any, **rest: Any) -> Any:
    """Resolve what is below localhost without a name server, as RFC 6761 asks of resolvers; few do."""
    below = isinstance(host, str) and host.rstrip(".").endswith((".localhost", ".localhost.localstack.cloud"))
    return _resolve("127.0.0.1" if below else host, *args, **rest)


_resolve = socket.getaddrinfo
socket.getaddrinfo = _address_of


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    """Undo what the suite's conftest sets: the port of a LocalStack that it would start itself."""
    own = config.HostAndPort(host="127.0.0.1", port=int(os.environ["PEER_PORT"]))
    config.GATEWAY_LISTEN = config.UniqueHostAndPortList([own])


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep the worst outcome of a test's three phases."""
    if report.failed:
        lenient = report.nodeid in _lenient and report.when == "call"
        _results[report.nodeid] = ("lenient" if lenient else "failed", report.longreprtext)
    elif report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
        _results.setdefault(report.nodeid, ("skipped", reason))
    elif report.when == "call":
        _results.setdefault(report.nodeid, ("passed", ""))


def pytest_sessionfinish() -> None:
    """Write the results."""
    Path(os.environ["PEER_RESULTS"]).write_text(json.dumps(_results, indent=1))
