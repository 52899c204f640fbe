"""Behind the fixture `terraform_stack`: applies root modules against the tests' emulator, and destroys them."""

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline_emulator.clients import environment as clients
from pipeline_emulator.clients import folder
from pipeline_emulator.launcher.errors import EmulatorError
from pipeline_emulator.testing import provider_settings, terraform_copy, terraform_setup
from pipeline_emulator.testing.emulator import Emulator
from pipeline_emulator.testing.terraform import Terraform

SECONDS = 900.0
type _Arguments = tuple[Path, str | None, str]


@dataclass(frozen=True)
class TerraformStack:
    """Resources that Terraform has made.

    Attributes:
        folder: the copied root module; `terraform -chdir=folder state list` works in `environment`.
        outputs: values of the root module's outputs, by name.
        environment: for Terraform in that folder.
        region: of most of its resources; None if no ARN names one.
    """

    folder: Path
    outputs: Mapping[str, Any]
    environment: Mapping[str, str]
    region: str | None = None


@dataclass
class TerraformStacks:
    """Applies root modules, and keeps their stacks until the end of the session.

    Attributes:
        emulator: where resources are made.
        base: relative paths of root modules start here.
        scratch: pytest's temporary folder, for copies.
        progress: receives a line at each long step.
    """

    emulator: Emulator
    base: Path
    scratch: Path
    progress: Callable[[str], None]
    _stacks: dict[_Arguments, TerraformStack | EmulatorError] = field(default_factory=dict)
    _begun: list[tuple[_Arguments, Terraform]] = field(default_factory=list)

    def apply(
        self,
        root: str | os.PathLike[str],
        var_file: str | os.PathLike[str] | None = None,
        variables: Mapping[str, object] | None = None,
        timeout: float = SECONDS,
    ) -> TerraformStack:
        """Apply a root module, once for the same arguments, and check that a plan then has no changes.

        The repository around the module is copied first, so nothing appears in your folders, and the copy keeps its
        state in a file, whatever backend the module has. `AWS_ENDPOINT_URL` directs the AWS provider (5.x) to the
        emulator.

        Args:
            root: folder of the root module; a relative path starts at pytest's root folder.
            var_file: file of variables; a relative path starts at the root module.
            variables: further variables, which take precedence.
            timeout: seconds that each Terraform command may take.

        Raises:
            EmulatorError: Terraform failed, took too long, or would change something right after the apply.
        """
        folder = (self.base / root).resolve()
        given = json.dumps(variables or {}, sort_keys=True)
        arguments = (folder, os.fspath(var_file) if var_file is not None else None, given)
        if arguments not in self._stacks:
            try:
                self._stacks[arguments] = self._apply(arguments, timeout)
            except EmulatorError as error:  # not tried again by each test
                self._stacks[arguments] = error
        found = self._stacks[arguments]
        if isinstance(found, EmulatorError):
            raise found
        self.emulator.follow(found.region)
        return found

    @property
    def _programs(self) -> Path:
        """The folder with `docker` and `aws` for provisioners."""
        return self.scratch / "programs-of-terraform-stack"

    def destroy(self) -> None:
        """Destroy all stacks, the newest first.

        Raises:
            EmulatorError: a stack could not be destroyed; the others are.
        """
        try:
            self._destroy()
        finally:
            folder.remove(self._programs)

    def _destroy(self) -> None:
        errors = []
        while self._begun:
            (root, *_), terraform = self._begun.pop()
            if not terraform.has_resources():
                continue
            self.progress(f"terraform destroy {root.name}")
            try:
                terraform.run("destroy", "-auto-approve", *terraform.variables)
            except EmulatorError as error:
                errors.append(error)
        if errors:
            raise errors[0]

    def _apply(self, arguments: _Arguments, timeout: float) -> TerraformStack:
        root, var_file, variables = arguments
        scratch = Path(tempfile.mkdtemp(dir=self.scratch))
        copy = terraform_copy.copy(root, scratch / "copy", self.scratch)
        if self.emulator.endpoint_url is not None:
            terraform_copy.redirect(scratch / "copy", clients.by_address(self.emulator.endpoint_url))
            provider_settings.remove(scratch / "copy")
        options = []
        if var_file is not None:
            path = Path(var_file) if Path(var_file).is_absolute() else copy / var_file
            if not path.is_file():
                raise EmulatorError(f"{root} has no file {var_file}", "name a file of variables, from the root module")
            options.append(f"-var-file={path}")
        if json.loads(variables):
            file = scratch / "variables.tfvars.json"
            file.write_text(variables)
            options.append(f"-var-file={file}")
        environment = terraform_setup.environment(self.emulator)
        if self.emulator.endpoint_url is not None:
            environment |= folder.make(self._programs, environment)
        terraform = Terraform(copy, environment, timeout, options)
        self.progress(f"terraform init {root.name}")
        terraform_setup.init(lambda: terraform.call("init", "-input=false", "-no-color"), environment, scratch)
        terraform_setup.check_version(json.loads(terraform.call("version", "-json"))["provider_selections"])
        self._begun.append((arguments, terraform))  # a failed apply may have made something, too
        self.progress(f"terraform apply {root.name}")
        terraform.run("apply", "-auto-approve", *options)
        terraform.check_unchanged()
        shown = json.loads(terraform.call("output", "-json"))
        outputs = {name: each["value"] for name, each in shown.items()}
        return TerraformStack(copy, outputs, terraform.environment, terraform.region())
