"""Runs Terraform in a working copy, whose files for this machine cannot reach a real deployment."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import console
from harness.console import Step
from harness.errors import CommandFailedError, HarnessError
from harness.machine import commands, processes
from harness.machine.processes import MARKER
from harness.pipeline.definition import LOCAL, Pipeline
from harness.setup import install
from harness.stack.clients import Clients
from harness.stack.state import REGION, Stack
from harness.terraform import initialized, programs, provider_settings, working_copy
from harness.terraform.initialized import Initialized
from harness.terraform.json_output import Progress, as_text
from harness.terraform.planned import Planned
from harness.terraform.refusals import Refusals
from harness.terraform.working_copy import ADDED, ZIP_VARIABLE, declared, function_sources, sources, updated

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

APPLY_DEADLINE = 600.0
READ_DEADLINE = 120.0
CHANGES_STATUS = 2  # of a plan with -detailed-exitcode
BACKEND = f"{LOCAL}.s3.tfbackend"
COPIED = "copied"  # file that names the copied root module
RECORD = "terraform-copied.json"  # what was copied to it
LOCAL_BACKEND = """terraform {{
  backend "local" {{
    path = {path}
  }}
}}
"""
# A provider with a profile takes credentials from it alone. These are LocalStack's, never the user's.
PROFILE = "[profile {}]\naws_access_key_id = test\naws_secret_access_key = test\n"
# A new stack has nothing of what provisioners made for the last one, so a second apply does not help, as on AWS.
INCONSISTENT = "Provider produced inconsistent final plan"
HASHED_TOO_EARLY = (
    "if it is about source_code_hash, a provisioner changed the file after its hash was planned: build the file first, "
    "or take the hash of the sources"
)
FIRST_MAJOR = 5  # earlier ones know no AWS_ENDPOINT_URL
LOCKED = re.compile(r'^provider "[^"]*/hashicorp/aws" \{\s*version\s*=\s*"(\d+)\.', re.MULTILINE)
ARN = re.compile(r"arn:aws[\w-]*:(?:kinesis|lambda):([a-z]{2}(?:-[a-z]+)+-\d):\d{12}:")


class Terraform:
    """Runs Terraform on a copy of a pipeline's root module.

    Args:
        stack: has the LocalStack.
        variables: values of Terraform variables.
        pipeline: None for the stack's own.
        var_file: with Terraform's variables; None for the pipeline's file for this machine.

    AWS_ENDPOINT_URL directs the AWS provider and the S3 backend to LocalStack. Modules with a backend file for this
    machine (`local.s3.tfbackend` beside their variables) keep their state in the stack's own S3, others in the stack's
    folder. Both end with the stack, so that resources and state cannot drift apart. Streams that PERSISTENCE=1 keeps
    are imported.
    """

    def __init__(
        self,
        stack: Stack,
        variables: Mapping[str, str],
        pipeline: Pipeline | None = None,
        var_file: Path | None = None,
    ) -> None:
        self.stack = stack
        self.log = stack.log("terraform")
        self._pipeline = pipeline or stack.pipeline
        self._root = self._pipeline.root
        self._var_file = var_file or self._pipeline.local_var_file()
        self._backend = self._var_file.with_name(BACKEND) if self._var_file else None
        self.has_backend = self._backend is not None and self._backend.is_file()
        self._place = stack.folder / "terraform"
        known = {"project_id": stack.project_id} if "project_id" in declared(self._root) else {}
        self.variables = [
            *([f"-var-file={self._var_file}"] if self._var_file else []),
            *(f"-var={name}={value}" for name, value in {**known, **variables}.items()),
        ]
        self._archive = variables.get(ZIP_VARIABLE)
        self._profiles = working_copy.profiles(self._root)
        self._kept: Initialized | None = None
        self.env = self._environment()

    @property
    def folder(self) -> Path:
        """The copied root module; `init` creates it."""
        try:
            return Path((self._place / COPIED).read_text())
        except FileNotFoundError:
            return self._place

    @property
    def _aws_config(self) -> Path:
        """File with the profiles that the provider asks for; `init` creates it."""
        return self.stack.folder / "aws-config"

    def init(self) -> bool:
        """Bring the working copy up to date and initialize it; create the state's bucket.

        Returns:
            Whether Terraform ran. A stack may take over what init made for the pipeline's own last one.
        """
        record, pipeline = self.stack.folder / RECORD, self._pipeline
        copy = updated(self._root, pipeline.folder, self._place, record, pipeline.source, self._var_file)
        (self._place / COPIED).write_text(str(copy))
        if self.has_backend:
            self._make_bucket()
        else:
            state = json.dumps(str(self.stack.folder / "terraform.tfstate"))
            self.add("override.tf", LOCAL_BACKEND.format(path=state))
        if taken := provider_settings.without(copy, self._place):
            console.say(f"Left out here, where providers get LocalStack's address and keys: {', '.join(taken)}")
        if self._profiles:
            self._aws_config.write_text("".join(PROFILE.format(name) for name in sorted(self._profiles)))
        if programs.needed(self._pipeline):
            programs.make(self.stack, self.log)
            self.env = self._environment()
        backend_file = self._backend if self.has_backend else None
        self._kept = Initialized(self._pipeline.cache / "terraform-init", self._place, copy, backend_file, self.env)
        if self._kept.restore():
            return False
        backend = [f"-backend-config={self._backend}"] if self.has_backend else []
        self._run("init", "-input=false", "-no-color", *backend)
        self._check_provider(copy / initialized.LOCK)
        if self.stack.name == self._pipeline.stack_name:
            self._kept.keep()
        return True

    def _check_provider(self, lock: Path) -> None:
        """Check that what init chose can be directed to LocalStack: otherwise it would call AWS.

        Raises:
            HarnessError: it is a version of the AWS provider without AWS_ENDPOINT_URL.
        """
        found = LOCKED.search(lock.read_text(encoding="utf-8")) if lock.is_file() else None
        if found and int(found[1]) < FIRST_MAJOR:
            raise HarnessError(
                f"the Terraform takes version {found[1]} of the AWS provider, which cannot be directed to LocalStack",
                f"allow version {FIRST_MAJOR} in required_providers, and in .terraform.lock.hcl if there is one",
            )

    def lift_stale_lock(self) -> None:
        """End the Terraform of a killed run, and remove its lock on the state.

        Hold the stack's lock, so that no other command of the harness runs Terraform.
        """
        program = re.compile(r"(^|/)terraform( |$)")
        found = processes.of_stack(self.stack.folder)
        left = [process for process in found if program.search(processes.command_line(process))]
        processes.end_all(left, grace=commands.GRACE_SECONDS)
        if not self.has_backend:  # the lock on a file ends with the process
            return
        bucket, key = self._state()
        client = Clients(self.stack).s3
        with contextlib.suppress(client.exceptions.NoSuchBucket):
            if client.list_objects_v2(Bucket=bucket, Prefix=f"{key}.tflock")["KeyCount"]:
                console.warn("an earlier run was killed while Terraform worked; removed its lock on the state")
                client.delete_object(Bucket=bucket, Key=f"{key}.tflock")

    def _state(self) -> tuple[str, str]:
        assert self._backend is not None
        backend = dict(re.findall(r'^(\w+)\s*=\s*"(.*)"', self._backend.read_text(), re.MULTILINE))
        return backend["bucket"], backend["key"]

    def _make_bucket(self) -> None:
        """Create the state's bucket, which on AWS exists before any stage."""
        bucket, _ = self._state()
        client, region = Clients(self.stack).s3, self.stack.region
        place: Any = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        with contextlib.suppress(client.exceptions.BucketAlreadyOwnedByYou):
            client.create_bucket(Bucket=bucket, **place)

    def inputs(self) -> tuple[list[Path], list[Path]]:
        """Return the files that an apply reads: those of the configuration, and those of the function's package."""
        source = self._pipeline.source
        own = [file for file in (self._var_file, self._backend) if file and file.is_file()]
        configuration = [*sources(self._root, self._pipeline.folder, source, self._var_file), *own]
        if self._archive:
            return configuration, [Path(self._archive)]
        return configuration, function_sources(source) if source else []

    def state(self) -> dict[str, Any]:
        """Return the state as Terraform stores it; empty without one. Reading it is much quicker than Terraform."""
        if not self.has_backend:
            file = self.stack.folder / "terraform.tfstate"
            return dict(json.loads(file.read_text())) if file.is_file() else {}
        bucket, key = self._state()
        client = Clients(self.stack).s3
        with contextlib.suppress(client.exceptions.NoSuchBucket, client.exceptions.NoSuchKey):
            return dict(json.load(client.get_object(Bucket=bucket, Key=key)["Body"]))
        return {}

    def apply(self, step: Step, target: str | None = None, *, refresh: bool = True) -> dict[str, Any]:
        """Apply the configuration.

        Args:
            step: shows how many resources are done.
            target: the only resource to apply; None for the whole configuration.
            refresh: False to compare the configuration with the state alone.

        Returns:
            The outputs, by name.
        """
        progress, refusals = Progress(step), Refusals(self.stack)
        try:
            self._run(
                "apply", "-input=false", "-json", "-auto-approve", f"-refresh={str(refresh).lower()}",
                *([f"-target={target}"] if target else []),
                *self.variables, deadline=APPLY_DEADLINE, on_line=progress.read, as_text=as_text,
                hopeless=refusals.final,
            )  # fmt: skip
        except CommandFailedError as error:
            if INCONSISTENT in error.output:
                error.next_step = f"{HASHED_TOO_EARLY}; {error.next_step}"
            raise
        step.result = progress.summary
        return self.outputs()

    def planned(self) -> Planned:
        """Return what an apply is going to make."""
        return Planned.of(self.plan_document())

    def plan_document(self) -> dict[str, Any]:
        """Return a plan as `terraform show -json` does."""
        file = str(self.stack.folder / "plan")
        self._run("plan", "-input=false", "-no-color", f"-out={file}", *self.variables)
        text = self._run("show", "-no-color", "-json", file)
        return dict(json.loads(text[text.index("{") :]))

    def add(self, name: str, text: str) -> None:
        """Add a file of configuration to the working copy, until the next `init`."""
        (self.folder / f"{ADDED}{name}").write_text(text)

    def outputs(self) -> dict[str, Any]:
        """Return the outputs of the last apply, by name."""
        return {name: output["value"] for name, output in self.state().get("outputs", {}).items()}

    def state_document(self, s3: S3Client) -> dict[str, Any]:
        """Return the state after the last apply, as Terraform stores it; empty if there is none. Runs no Terraform."""
        try:
            if self.has_backend:
                bucket, key = self._state()
                return dict(json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))
            return dict(json.loads((self.stack.folder / "terraform.tfstate").read_text()))
        except (s3.exceptions.NoSuchBucket, s3.exceptions.NoSuchKey, FileNotFoundError):
            return {}

    def region(self, outputs: Mapping[str, Any]) -> str:
        """Return the AWS region of what the last apply made: that of the first ARN in its outputs, or in the state."""
        found = ARN.search(json.dumps(outputs)) or ARN.search(json.dumps(self.state()))
        return found[1] if found else REGION

    def plan_is_empty(self, *, refresh: bool = True) -> bool:
        """Return whether a plan would change nothing; the working copy must have been applied.

        Args:
            refresh: False to compare the configuration with the state alone, which takes half the time.
        """
        words = ["plan", "-input=false", "-no-color", "-detailed-exitcode", f"-refresh={str(refresh).lower()}"]
        try:
            self._run(*words, *self.variables)
        except CommandFailedError as error:
            if error.status == CHANGES_STATUS:
                return False
            raise
        return True

    def destroy(self) -> None:
        """Destroy every resource."""
        self._run("destroy", "-input=false", "-no-color", "-auto-approve", *self.variables, deadline=APPLY_DEADLINE)

    def _run(
        self,
        *words: str,
        deadline: float = READ_DEADLINE,
        hopeless: Callable[[], str | None] = lambda: None,
        **more: Any,
    ) -> str:
        try:
            return commands.run(
                ["terraform", *words],
                cwd=self.folder, env=self.env, log=self.log, deadline=deadline, **more,
                trouble=lambda: hopeless() if self.stack.alive() else "was stopped: LocalStack has ended",
            )  # fmt: skip
        except CommandFailedError as error:
            if self._kept and error.status != CHANGES_STATUS:  # in case it is what failed
                self._kept.forget()
            raise

    def _environment(self) -> dict[str, str]:
        base = install.terraform_environment()
        base |= programs.variables(self.stack, base)
        if self._profiles:
            base["AWS_CONFIG_FILE"] = str(self._aws_config)
        return base | {
            "AWS_ENDPOINT_URL": self.stack.endpoint_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": self.stack.region,
            "AWS_DEFAULT_REGION": self.stack.region,
            "TF_DATA_DIR": str(self.stack.folder / "terraform-data"),
            MARKER: str(self.stack.folder),
        }
