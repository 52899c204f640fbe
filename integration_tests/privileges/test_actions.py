"""An unknown name in ACTIONS is refused before a stack starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.local_only


def test_an_unknown_action_is_refused_before_anything_is_started() -> None:
    trials = Path(__file__).with_name("test_deployer_trials.py")
    command = [sys.executable, "-m", "pytest", "-x", "-p", "no:xdist", str(trials)]
    env = os.environ | {"ACTIONS": "bucket,s3:GetObject,s3:Foo"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 1
    assert "the policy has no action and no part s3:Foo\n" in done.stdout
    assert "LocalStack" not in done.stdout  # the step that starts one
