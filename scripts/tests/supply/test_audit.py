"""The audit fails for known vulnerabilities, reports what it could not check, and lets every exception expire."""

from __future__ import annotations

import datetime
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from harness.errors import HarnessError, NoAdvisoriesError
from harness.supply import advisories, audit, exceptions, locks

# osv.dev's advisory, as far as pip-audit reads it: https://osv.dev/vulnerability/GHSA-462w-v97r-4m45
ADVISORY = {
    "id": "GHSA-462w-v97r-4m45",
    "aliases": ["CVE-2019-10906"],
    "summary": "Jinja2 sandbox escape via string formatting",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "jinja2"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.10.1"}]}],
        }
    ],
}
HASH = f"--hash=sha256:{'0' * 64}"
YESTERDAY = datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(days=1)


class _Advisories(BaseHTTPRequestHandler):
    """OSV's query (https://google.github.io/osv.dev/post-v1-query/), with one advisory."""

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        has_it = (query["package"]["name"], query["version"]) == ("jinja2", "2.10") and self.server.knows  # type: ignore[attr-defined]
        self._answer({"vulns": [ADVISORY]} if has_it else {})

    def _answer(self, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Log nothing."""


@pytest.fixture
def osv() -> Iterator[ThreadingHTTPServer]:
    """A local server of advisories for the real pip-audit."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Advisories) as server:
        server.knows = True  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def lock(tmp_path: Path) -> Callable[[str], Path]:
    """A function that writes a lock with some pins."""

    def write(*pins: str) -> Path:
        file = tmp_path / "requirements.txt"
        file.write_text("".join(f"{pin} \\\n    {HASH}\n" for pin in pins))
        return file

    return write


@pytest.fixture
def excepted(tmp_path: Path) -> Callable[[str], Path]:
    """A function that writes a file of exceptions."""

    def write(text: str = "") -> Path:
        (tmp_path / "exceptions.toml").write_text(text)
        return tmp_path / "exceptions.toml"

    return write


def _url(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}/v1/query"


def _entry(expires: datetime.date, package: str = "jinja2") -> str:
    return (
        f'[[exception]]\nid = "CVE-2019-10906"\npackage = "{package}"\nreason = "no templates"\nexpires = {expires}\n'
    )


def test_a_vulnerable_pin_is_reported_with_version_ids_and_the_fix(
    osv: ThreadingHTTPServer, lock: Callable[..., Path], excepted: Callable[..., Path]
) -> None:
    file = lock("jinja2==2.10", "packaging==26.3")
    with pytest.raises(HarnessError) as failure:
        audit.run(_url(osv), optional=True, python=[file], excepted_in=excepted())
    assert f"jinja2 2.10: CVE-2019-10906, GHSA-462w-v97r-4m45, fixed in 2.10.1 ({file})" in failure.value.cause
    assert "packaging" not in failure.value.cause


@pytest.mark.long_proof
def test_a_lock_without_known_vulnerabilities_passes(
    osv: ThreadingHTTPServer,
    lock: Callable[..., Path],
    excepted: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    audit.run(_url(osv), optional=False, python=[lock("jinja2==2.10.1")], excepted_in=excepted())
    assert "1 locks without known vulnerabilities" in "".join(capsys.readouterr())


@pytest.mark.parametrize("optional", [True, False])
def test_a_source_without_advisories_does_not_count_as_a_pass(
    osv: ThreadingHTTPServer,
    lock: Callable[..., Path],
    excepted: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
    optional: bool,
) -> None:
    osv.knows = False  # type: ignore[attr-defined]
    said = "has no advisory for jinja2==2.10"
    if optional:
        audit.run(_url(osv), optional=True, python=[lock("packaging==26.3")], excepted_in=excepted())
        printed = "".join(capsys.readouterr())
        assert said in " ".join(printed.split())
        assert "without known vulnerabilities" not in printed
    else:
        with pytest.raises(HarnessError, match=said):
            audit.run(_url(osv), optional=False, python=[lock("packaging==26.3")], excepted_in=excepted())


def test_an_unreachable_source_is_reported(lock: Callable[..., Path], excepted: Callable[..., Path]) -> None:
    with pytest.raises(HarnessError, match="cannot be reached"):
        audit.run("http://127.0.0.1:1/v1/query", optional=False, python=[lock("a==1")], excepted_in=excepted())


@pytest.mark.long_proof
def test_an_exception_covers_only_its_vulnerability(
    osv: ThreadingHTTPServer, lock: Callable[..., Path], excepted: Callable[..., Path]
) -> None:
    file = lock("jinja2==2.10")
    tomorrow = YESTERDAY + datetime.timedelta(days=2)
    audit.run(_url(osv), optional=False, python=[file], excepted_in=excepted(_entry(tomorrow)))
    with pytest.raises(HarnessError, match=r"jinja2 2\.10: "):
        audit.run(_url(osv), optional=False, python=[file], excepted_in=excepted(_entry(tomorrow, "other")))


def test_an_expired_exception_fails_even_without_a_source(
    lock: Callable[..., Path], excepted: Callable[..., Path]
) -> None:
    file = excepted(_entry(YESTERDAY))
    with pytest.raises(HarnessError, match=f"jinja2 CVE-2019-10906, until {YESTERDAY}: no templates"):
        audit.run("http://127.0.0.1:1/v1/query", optional=True, python=[lock("a==1")], excepted_in=file)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (_entry(YESTERDAY).replace('reason = "no templates"\n', ""), "reason"),
        (_entry(YESTERDAY).replace('"no templates"', '" "'), "reason"),
        (_entry(YESTERDAY).replace(str(YESTERDAY), f'"{YESTERDAY}"'), "expires"),
        (_entry(YESTERDAY) + 'until = "ever"\n', "until"),
    ],
)
def test_an_exception_without_reason_or_expiry_date_is_refused(
    excepted: Callable[..., Path], text: str, wrong: str
) -> None:
    with pytest.raises(HarnessError, match=f"missing or wrong in entry 1: {wrong}"):
        exceptions.load(excepted(text))


def test_the_projects_exceptions_are_well_formed() -> None:
    locked = {name for lock in locks.requirements() for name in locks.pins(lock)}
    assert [entry.package for entry in exceptions.load() if entry.package not in locked] == []


def test_pypi_or_osv_report_a_vulnerable_pin(lock: Callable[..., Path]) -> None:
    try:
        source = advisories.python_source()
    except NoAdvisoriesError as error:
        pytest.skip(f"no source of advisories: {error}")
    found, _ = advisories.of_python(lock("jinja2==2.10"), source)
    assert any("CVE-2019-10906" in finding.ids and "2.10.1" in finding.fixed for finding in found)
