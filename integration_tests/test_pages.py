"""The commands of a page, run one after the other as a reader would copy them."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from harness.local import runtimes
from harness.machine import environment, processes
from harness.paths import CACHE, ROOT
from harness.stack.state import DOCKER

pytestmark = [pytest.mark.local_only, pytest.mark.own_stacks, pytest.mark.long_proof]

BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS = 600


def test_your_pipeline_in_fifteen_minutes(tmp_path: Path) -> None:
    if (os.environ.get("RUNTIME") or runtimes.default()) == DOCKER:
        pytest.skip("its function is a Zip, which needs no containers: the suite without them runs it")
    text = (ROOT / "docs" / "your-pipeline.md").read_text()
    blocks = BLOCK.findall(text)
    assert len(blocks) == 8
    script = tmp_path / "page.sh"
    script.write_text("set -euo pipefail\n" + "".join(blocks))
    settings = {"WORK": str(tmp_path), "LOCALSTACK_PORT": str(processes.free_ports(1)[0]), "RUNTIME": "embedded"}
    done = subprocess.run(
        ["bash", script], cwd=ROOT, env=environment.clean(**settings), capture_output=True, text=True, timeout=SECONDS
    )
    shown = done.stdout + done.stderr
    try:
        assert done.returncode == 0, shown
    finally:
        if done.returncode != 0:
            down = {**os.environ, **settings, "PIPELINE": str(tmp_path / "orders")}
            subprocess.run([ROOT / ".venv" / "bin" / "pipeline", "down"], env=down, check=False, timeout=120)
    assert "A local run cannot prove:" in shown
    verdicts = json.loads((CACHE / "ledger" / "orders.json").read_text())
    assert verdicts["passed"]
    assert verdicts["summary"]["events"] == 500
