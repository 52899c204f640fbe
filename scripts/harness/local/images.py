"""Images of the container runtime: public ones, or stand-ins from Debian packages if they cannot be pulled."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from harness import console, paths
from harness.machine import commands, engine, environment
from harness.setup import install

PYTHON = "python:3.13-slim-trixie"
LAMBDA = "public.ecr.aws/lambda/python:3.13"
REGISTRY = "registry:2.8.3"
CHOOSE_DEADLINE = 1200.0
LOG = paths.CACHE / "logs" / "images.log"


@dataclass(frozen=True)
class Images:
    """Names of the images of a stack.

    Attributes:
        function_base: base of the function's image.
        base: base of LocalStack's and MLflow's images.
        registry: the registry behind ECR.
        localstack: LocalStack with the emulator plugin; compose builds it, and MLflow's.
        official: LocalStack's official image as its base, if the user has set LOCALSTACK_IMAGE; else empty.
        mlflow: the tracking server.
    """

    function_base: str
    base: str
    registry: str
    localstack: str
    official: str
    mlflow: str

    def are_built(self) -> bool:
        """Return whether the engine has what compose would build. What is in LocalStack's own image, it alone knows."""
        return not self.official and all(map(engine.image_id, (self.localstack, self.mlflow)))


def choose() -> Images:
    """Choose the images to use or to build on, and build stand-ins for those that cannot be pulled."""
    LOG.unlink(missing_ok=True)
    with console.step("Base images") as step:
        base = _choose(PYTHON)
        source = "auto" if base == PYTHON else "local"  # if one cannot be pulled, do not try the others
        function_base, registry = _choose(LAMBDA, source), _choose(REGISTRY, source)
        step.result = ", ".join(dict.fromkeys((base, function_base, registry)))
    official = os.environ.get("LOCALSTACK_IMAGE", "")
    bases = [official] if official else [base, registry]
    # Names depend on the content, so that concurrent stacks and checkouts never run each other's images.
    return Images(
        function_base=function_base,
        base=base,
        registry=registry,
        localstack=f"store-sales/emulator:{_hash(bases, paths.emulator_sources())}",
        official=official,
        mlflow=f"store-sales/mlflow:{_hash([base], paths.mlflow_sources())}",
    )


def remove_former(chosen: Images) -> None:
    """Remove unused images of former versions of the code."""
    for name in (chosen.localstack, chosen.mlflow):
        engine.remove_other_tags(name)


def remove() -> None:
    """Remove every image that this project has built."""
    engine.remove_images("store-sales/")


def _hash(bases: list[str], sources: list[Path]) -> str:
    """Return the hash of all that an image is made from. A base may be pulled again, and be another one."""
    ids = [engine.image_id(base) for base in bases]
    return install.text_digest(f"{bases} {ids} {install.digest(sources)}")[:16]


def _choose(public: str, source: str = "auto") -> str:
    command: list[str | Path] = [paths.SCRIPTS / "images" / "choose.sh", public]
    wanted = os.environ.get("IMAGE_SOURCE") or source
    said: list[str] = []

    def tell(line: str) -> None:
        said.append(line)
        if line.startswith("▸ "):
            console.say(f"  {line.removeprefix('▸ ')}")

    commands.run(command, log=LOG, env=environment.clean(IMAGE_SOURCE=wanted), deadline=CHOOSE_DEADLINE, on_line=tell)
    return said[-1]
