"""The documentation builds as a site without a warning, needs no other host, and a broken link fails the build."""

from __future__ import annotations

import re
import subprocess
import threading
import urllib.request
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.paths import ROOT
from harness.site import build

pytestmark = pytest.mark.long_proof

LOADED = re.compile(
    r"""<(?:script|img|iframe)[^>]*?\ssrc=["']([^"']+)|<link(?=[^>]*stylesheet)[^>]*href=["']([^"']+)"""
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build.build(site=tmp_path_factory.mktemp("site")).parent


def _elsewhere(page: Path) -> list[str]:
    """Return what a page loads from another host or from no file of the site."""
    found = ["".join(pair) for pair in LOADED.findall(page.read_text(encoding="utf-8"))]
    return [name for name in found if "//" in name or not (page.parent / name.partition("?")[0]).exists()]


def test_pages_load_files_of_the_site_alone(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 80
    assert [(page.name, found) for page in pages if (found := _elsewhere(page))] == []
    styles = "".join(file.read_text(encoding="utf-8") for file in (site / "_static").rglob("*.css"))
    assert re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)\"']+", styles) == []


def test_a_page_that_loads_from_another_host_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text('<script src="https://cdn.example/a.js"></script><link rel="stylesheet" href="none.css?v=1">')
    assert _elsewhere(page) == ["https://cdn.example/a.js", "none.css?v=1"]


def test_the_index_of_the_search_knows_the_pages(site: Path) -> None:
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    assert "docs/ledger" in index
    assert "redriv" in index


def test_a_broken_link_and_an_unlisted_page_fail_the_build(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "README.md").write_text("# Index\n\n**Part**\n- [page](page.md)\n- [gone](gone.md)\n")
    (docs / "page.md").write_text("# Page\n\n[anchor](#nowhere)\n")
    (docs / "unlisted.md").write_text("# Unlisted\n")
    with pytest.raises(HarnessError) as caught:
        build.build(tmp_path, tmp_path / "site")
    for complaint in ("gone.md", "nowhere", "unlisted.md"):
        assert complaint in caught.value.cause


def test_serve_answers_on_loopback_until_ctrl_c(site: Path) -> None:
    program = [str(ROOT / ".venv" / "bin" / "python"), "-c", _SERVE, str(site)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        guard = threading.Timer(60, process.kill)
        guard.start()
        try:
            address = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
            assert address
            with urllib.request.urlopen(address[0] + "docs/README.html", timeout=30) as answer:
                assert b"Documentation" in answer.read()
        finally:
            process.terminate()
            guard.cancel()


_SERVE = "import sys; from pathlib import Path; from harness.site import build; build.serve(Path(sys.argv[1]), 0)"
