"""The page about the first deployment, followed against an empty LocalStack in place of AWS."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

from harness.model import current as current_model
from harness.paths import EMULATOR_VENV
from harness.rollout import model_versions
from harness.setup import install
from harness.stack.state import EMBEDDED, Stack
from harness.stages.stage import Stage
from integration_tests import pages

pytestmark = [pytest.mark.local_only, pytest.mark.long_proof, pytest.mark.timeout(1300)]  # several deployments

PAGE = "docs/first-deployment.md"
READER = Path(__file__).with_name("reader.py")
SECONDS = 1200.0
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "ap-south-1"}


def _programs(stage: Stage, endpoint: str) -> str:
    """Return shell functions: `make` and `aws` reach the LocalStack, `git pull` brings a change."""
    reader = shlex.join([sys.executable, str(READER), str(stage.folder), endpoint])
    aws = shlex.join([str(EMULATOR_VENV / "bin" / "aws"), "--endpoint-url", endpoint])
    return f'make() {{ {reader} "$@"; }}\naws() {{ {aws} "$@"; }}\ngit() {{ [ "$*" = pull ] && {reader} pull; }}\n'


def _texts() -> list[str]:
    """Return the page's blocks, with a deployment while the rollback holds."""
    texts = pages.to_run(PAGE)
    back = next(text for text in texts if "rollback" in text)
    first, second = back.splitlines(keepends=True)
    texts[texts.index(back)] = f"{first}make plan-stg\n{second}"
    return texts


@pytest.fixture
def registered() -> None:
    """A model in the checkout's own registry, which a stack in containers does not use."""
    install.for_runtime(EMBEDDED)  # brings the AWS CLI
    if not model_versions.registries(None):
        current_model.train(None, None)


@pytest.mark.usefixtures("registered")
def test_the_first_deployment_as_the_page_has_it(stage: Stage, account: Stack, tmp_path: Path) -> None:
    texts = [_programs(stage, account.endpoint_url), *_texts()]
    said = pages.follow("first-deployment", texts, tmp_path, {**CREDENTIALS, "YES": "1"}, SECONDS)
    promoted, planned, deployed, *_ = _after(r"(?:promote|plan-stg|deploy-stg)", said)
    assert "is the model of stg" in promoted
    assert "to create" in planned
    assert re.search(r"^predicted +20 *$", deployed, re.MULTILINE)
    # AND going back holds until it is ended
    back, latest, destroyed = _after(r"(?:rollback|destroy-stg)", said)
    assert "stg serves version 1 " in back
    assert "nothing to change" in back
    assert "stg serves version 2 " in latest
    assert "kept the state bucket" in destroyed


def _after(targets: str, said: str) -> list[str]:
    """Return what was printed from each call of these targets on, up to the next one."""
    return re.split(rf"^\$+ make {targets}\b.*$", said, flags=re.MULTILINE)[1:]
