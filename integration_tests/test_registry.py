"""The served model is in MLflow's registry, passes a promotion's checks, and is unchanged in the bucket."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.model import current as current_model
from harness.rollout import model_versions
from harness.stack.clients import Clients
from harness.stack.state import Stack
from harness.stages import model_bucket

pytestmark = pytest.mark.local_only


def test_the_served_model_could_be_promoted(stack: Stack, clients: Clients, tmp_path: Path) -> None:
    # GIVEN the registry that training logged to: the stack's server in containers, otherwise the checkout's
    version = model_versions.resolve(stack.run_id, model_versions.registries(stack))
    assert version.key == stack.model["model_key"]
    assert version.number == stack.model["model_version"]
    # WHEN it is downloaded THEN it passes
    folder = model_versions.download(version, tmp_path)
    assert current_model.check(folder, stack.run_id)["stores"] == stack.model["stores"]
    # AND the bucket has the same files
    copy = model_bucket.prepare(clients.s3, stack.outputs["model_bucket"], version.key, folder, stack.run_id)
    assert copy.missing == []
