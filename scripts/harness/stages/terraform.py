"""Runs plain Terraform on a working copy of a stage's modules, and applies only the saved plan that was shown."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.console import Step
from harness.errors import CommandFailedError
from harness.machine import commands
from harness.paths import ECR_PASSWORD
from harness.setup import install
from harness.stages import explain, package, root_module
from harness.stages.access import Access
from harness.stages.plan import Plan
from harness.stages.stage import Stage
from harness.terraform.json_output import Errors, Progress, as_text
from harness.terraform.working_copy import SOURCE_VARIABLE, declared, with_surroundings, working_copy

APPLY_DEADLINE = 1800.0  # includes building and pushing an image
READ_DEADLINE = 300.0
# Long enough for another short apply. A lock that was left behind is reported (explain.py).
LOCK_TIMEOUT = "20s"
BACKEND = 'terraform {{\n  backend "{kind}" {{}}\n}}\n'


class StageTerraform:
    """Terraform for one stage.

    Args:
        stage: the stage.
        access: to its account.
    """

    def __init__(self, stage: Stage, access: Access) -> None:
        self.stage = stage
        self._place = stage.folder / "terraform"
        self.folder = self._place
        self.log = stage.log("terraform")
        self._plan = stage.folder / "plan"
        self._environment = access.environment() | {"TF_DATA_DIR": str(stage.folder / "terraform-data")}

    def init(self, *, state: bool = True) -> None:
        """Create the working copy and initialize it.

        Args:
            state: False to plan before the state bucket exists.

        Raises:
            HarnessError: the state or the provider is unreachable.
        """
        stage = self.stage
        if stage.pipeline.is_default:  # its root is whole by itself, in the files of an earlier commit, too
            shutil.rmtree(self._place, ignore_errors=True)
            working_copy(self._place, stage.infrastructure)
        else:
            source = stage.pipeline.source and stage.service
            root, pipeline = stage.infrastructure, stage.pipeline.folder
            self.folder = with_surroundings(root, pipeline, self._place, source, stage.vars_file)
        if not state or not root_module.has_backend(stage.infrastructure):
            (self.folder / "backend_override.tf").write_text(BACKEND.format(kind="s3" if state else "local"))
        backend = [f"-backend-config={self._copied(file)}"] if state and (file := stage.backend_file).exists() else []
        self._run("init", "-reconfigure", *backend)

    def plan(
        self,
        variables: Mapping[str, str] | None = None,
        *,
        destroy: bool = False,
        lock: bool = True,
        targets: Sequence[str] = (),
    ) -> Plan:
        """Make a plan and keep it for `apply`.

        Args:
            variables: Terraform variables that override the stage's own.
            destroy: plan the destruction of everything.
            lock: False for a plan that is not applied: a read-only role cannot lock the state.
            targets: addresses to limit the plan to, with their dependencies; empty for everything.

        Raises:
            HarnessError: it could not be made; nothing was changed.
        """
        self._run(
            "plan", f"-out={self._plan}", f"-lock-timeout={LOCK_TIMEOUT}" if lock else "-lock=false",
            *(["-destroy"] if destroy else []), *(f"-target={address}" for address in targets),
            *self._variables(variables or {}),
        )  # fmt: skip
        self._plan.chmod(0o600)  # it contains every value, even sensitive ones
        return Plan.of(json.loads(self._read("show", "-json", str(self._plan))))

    def apply(self, plan: Plan, step: Step) -> None:
        """Apply exactly the last plan.

        Args:
            plan: the last plan.
            step: shows the progress.

        Raises:
            HarnessError: it failed midway; the next run continues from there.
        """
        progress = Progress(step, len(plan.changes))
        try:
            self._run("apply", f"-lock-timeout={LOCK_TIMEOUT}", str(self._plan), progress=progress)
        finally:
            self._plan.unlink(missing_ok=True)
        step.result = progress.summary

    def apply_part(self, variables: Mapping[str, str], targets: Sequence[str], *, destroy: bool = False) -> None:
        """Plan and apply in one command, without showing the plan: for experiments on a stage that nobody uses.

        Args:
            variables: as for `plan`.
            targets: as for `plan`.
            destroy: as for `plan`.

        Raises:
            HarnessError: it failed.
        """
        mode = ["-destroy"] if destroy else []
        chosen = [*mode, *(f"-target={address}" for address in targets), *self._variables(variables)]
        self._run("apply", "-auto-approve", f"-lock-timeout={LOCK_TIMEOUT}", *chosen)

    def outputs(self) -> dict[str, Any]:
        """Return the outputs of the last apply by name; empty before the first."""
        return {name: output["value"] for name, output in json.loads(self._read("output", "-json")).items()}

    def unlock(self, lock: str) -> None:
        """Remove a lock that a killed run left on the state.

        Args:
            lock: its id, from the error message.

        Raises:
            HarnessError: there is no such lock.
        """
        self.init()
        self._execute("terraform", "force-unlock", "-force", lock)

    def _variables(self, more: Mapping[str, str]) -> list[str]:
        known: dict[str, str] = {}
        if self.stage.pipeline.source:
            known = {
                SOURCE_VARIABLE: str(self.stage.service),
                "docker_image_local_path": str(self.stage.service / "Dockerfile"),
                **package.variables(self.stage),
            }
        if not self.stage.variables.get("ecr_password_command"):  # works without the AWS CLI
            known["ecr_password_command"] = shlex.join([str(install.PYTHON), "-P", str(ECR_PASSWORD)])
        taken = declared(self.folder)  # an earlier commit's modules may not declare them all
        chosen = [f"-var={name}={text}" for name, text in {**known, **more}.items() if name in taken]
        return [*([f"-var-file={self._copied(file)}"] if (file := self.stage.vars_file).exists() else []), *chosen]

    def _copied(self, file: Path) -> Path:
        """Return the path of a file from the working copy, in it if the root module has it."""
        root = self.stage.infrastructure
        return file.relative_to(root) if file.is_relative_to(root) else file

    def _run(self, *words: str, progress: Progress | None = None) -> None:
        """Run a command that reports its errors as JSON."""
        errors = Errors()

        def on_line(line: str) -> None:
            errors.read(line)
            if progress:
                progress.read(line)

        try:
            commands.run(
                ["terraform", *words[:1], "-input=false", "-json", *words[1:]],
                cwd=self.folder, env=self._environment, log=self.log,
                deadline=APPLY_DEADLINE if progress else READ_DEADLINE, on_line=on_line, as_text=as_text,
            )  # fmt: skip
        except CommandFailedError as error:
            raise explain.failure(self.stage, error, errors.found) from None

    def _read(self, *words: str) -> str:
        text = self._execute("terraform", *words[:1], "-no-color", *words[1:])
        return text[text.index("{") :]

    def _execute(self, *command: str) -> str:
        return commands.run(command, cwd=self.folder, env=self._environment, log=self.log, deadline=READ_DEADLINE)
