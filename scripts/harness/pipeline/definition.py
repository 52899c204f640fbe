"""A pipeline: a folder with a `pipeline.toml`, and what follows from it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness import paths
from harness.errors import HarnessError
from harness.paths import shown
from harness.pipeline import schema, toml_file
from harness.pipeline.identity import Identity
from harness.pipeline.toml_file import Source

VARIABLE = "PIPELINE"
LOCAL = "local"  # this machine, in place of {stage} in terraform.var_file
STAGES = (LOCAL, "dev", "stg", "staging", "stage", "prod")


@dataclass(frozen=True)
class Resources:
    """The names of a pipeline's resources; None for those that it does not have.

    Attributes:
        source_stream, output_stream: Kinesis streams.
        function: the Lambda function.
        failed_events: S3 bucket of failed events.
        model_bucket: S3 bucket of models.
    """

    source_stream: str
    output_stream: str
    function: str
    failed_events: str | None
    model_bucket: str | None


@dataclass(frozen=True)
class Pipeline:
    """A pipeline.

    Attributes:
        folder: the folder with the file.
        file: its content.
    """

    folder: Path
    file: schema.File

    @property
    def name(self) -> str:
        """The pipeline's name."""
        return self.file.name

    @property
    def is_default(self) -> bool:
        """Whether it is the repository's own."""
        return self.folder == paths.ROOT

    @property
    def stack_name(self) -> str:
        """Name of its stack on this machine."""
        return "local" if self.is_default else self.name

    @property
    def cache(self) -> Path:
        """Folder for models and packages; it can be rebuilt."""
        return paths.CACHE if self.is_default else paths.CACHE / "pipelines" / self.name

    @property
    def root(self) -> Path:
        """Folder of Terraform's root module."""
        return (self.folder / self.file.terraform.root).resolve()

    @property
    def source(self) -> Path | None:
        """Folder of the function's code; None if Terraform alone knows it."""
        return (self.folder / self.file.function.source).resolve() if self.file.function else None

    @property
    def zip_file(self) -> Path:
        """Path of the function's Zip, once it is built."""
        return self.cache / "function" / "function.zip"

    def var_file(self, stage: str) -> Path | None:
        """Return Terraform's file of variables for a stage; None if the pipeline has none. It may not exist."""
        pattern = self.file.terraform.var_file
        return (self.folder / pattern.replace(schema.STAGE, stage)).resolve() if pattern else None

    def local_var_file(self) -> Path | None:
        """Return the existing file of variables for this machine: that of `local`, or else that of the first stage."""
        for stage in STAGES:
            if (file := self.var_file(stage)) and file.is_file():
                return file
        return None

    @property
    def identity(self) -> Identity:
        """How events and answers refer to each other."""
        return Identity.of(self.file.ledger)

    @property
    def has_model(self) -> bool:
        """Whether the pipeline trains a model."""
        return self.file.model.train is not None

    def samples(self) -> list[dict[str, Any]]:
        """Return the sample events, at least one.

        Raises:
            HarnessError: the file with them cannot be used.
        """
        sample = self.file.events.sample
        return [sample] if isinstance(sample, dict) else _samples(self, self.folder / sample)

    def resources(self, outputs: Mapping[str, Any]) -> Resources:
        """Find the names of the pipeline's resources.

        Args:
            outputs: Terraform's outputs, by name.

        Raises:
            HarnessError: an output does not exist or is no text.
        """
        found = {name: self.resource(name, outputs) for name in schema.Outputs.model_fields}
        return Resources(**found)  # type: ignore[arg-type]

    def resource(self, key: str, outputs: Mapping[str, Any]) -> str | None:
        """Return the name of one of `Resources`; None if the pipeline has none. Takes and raises what `resources` does.

        Args:
            key: an attribute of `Resources`.
            outputs: as for `resources`.
        """
        named: str | schema.Literal | None = getattr(self.file.outputs, key)
        if isinstance(named, schema.Literal):
            return named.name
        if named is None:
            return None
        value = outputs.get(named)
        if isinstance(value, str) and value:
            return value
        if named in outputs:
            cause = f"Terraform's output {named} is {value!r}, not the name of a resource"
        else:
            cause = f"Terraform has no output {named}; it has {', '.join(sorted(outputs)) or 'none'}"
        raise self.mistake(
            ["outputs", key], cause, f'set outputs.{key} to an output, or to the name itself: {{ name = "…" }}'
        )

    def mistake(self, keys: list[str], cause: str, remedy: str) -> HarnessError:
        """Return the error for a key of the file, with its line."""
        return Source(self.folder / toml_file.NAME).mistake(keys, cause, remedy)


def load(folder: Path) -> Pipeline:
    """Read the pipeline in a folder.

    Raises:
        HarnessError: there is none, or its file has mistakes.
    """
    folder = folder.resolve()
    source = Source(folder / toml_file.NAME)
    pipeline = Pipeline(folder, toml_file.parse(source))
    _check_folders(pipeline, source)
    key = pipeline.file.ledger.id_in
    for sample in pipeline.samples():
        if not isinstance(found := pipeline.identity.of_event(sample), str | int):
            what = "no id" if found is None else "no text or integer"
            cause = f"the sample event has {what} at {key}: {json.dumps(sample)[:200]}"
            raise source.mistake(["ledger", "id_in"], cause, "correct ledger.id_in, or the sample")
    return pipeline


def _check_folders(pipeline: Pipeline, source: Source) -> None:
    if not any((*pipeline.root.glob("*.tf"), *pipeline.root.glob("*.tf.json"))):
        cause = f"terraform.root = {pipeline.file.terraform.root!r} has no .tf files ({shown(pipeline.root)})"
        raise source.mistake(["terraform", "root"], cause, "name the root module's folder, relative to this file")
    pattern = pipeline.file.terraform.var_file
    if pattern and not any(pipeline.folder.glob(pattern.replace(schema.STAGE, "*"))):
        cause = f"terraform.var_file: there is no file {pattern} for any stage"
        raise source.mistake(["terraform", "var_file"], cause, "name the files of variables, relative to this file")
    if pipeline.source is not None and not pipeline.source.is_dir():
        cause = f"function.source: there is no folder {shown(pipeline.source)}"
        raise source.mistake(["function", "source"], cause, "name the function's folder, relative to this file")


def _samples(pipeline: Pipeline, path: Path) -> list[dict[str, Any]]:
    try:
        return samples_in(path)
    except ValueError as error:
        remedy = "name a file with a JSON object, a list of them, or one per line, relative to this file"
        raise pipeline.mistake(["events", "sample"], f"events.sample: {error}", remedy) from None


def samples_in(path: Path) -> list[dict[str, Any]]:
    """Return the events in a file: a JSON object, a list of them, or one per line.

    Raises:
        ValueError: it cannot be read, or has something else; the text says what.
    """
    try:
        text = toml_file.read(path)
    except OSError as error:
        raise ValueError(f"{shown(path)} cannot be read: {error.strerror}") from None
    try:
        document = json.loads(text)
        found = document if isinstance(document, list) else [document]
    except (ValueError, RecursionError):
        found = []
        for number, line in enumerate(text.splitlines(), 1):
            try:
                found += [json.loads(line)] if line.strip() else []
            except (ValueError, RecursionError) as error:
                raise ValueError(f"{shown(path)}, line {number} is no JSON: {error}") from None
    if not found or not all(isinstance(each, dict) for each in found):
        raise ValueError(f"{shown(path)} has no events, or one that is no JSON object")
    return found


def current() -> Pipeline:
    """Return the pipeline that PIPELINE names; by default that of the working directory, or the repository's own.

    Raises:
        HarnessError: there is none, or its file has mistakes.
    """
    return _current(os.environ.get(VARIABLE, ""), str(Path.cwd()))


@lru_cache(maxsize=8)
def at(folder: str) -> Pipeline:
    """Read the pipeline in a folder once in this process. As `load`."""
    return load(Path(folder))


@lru_cache(maxsize=8)
def _current(chosen: str, working_directory: str) -> Pipeline:
    if chosen:
        folder = Path(chosen).expanduser()
        if not folder.is_dir():
            raise HarnessError(f"{VARIABLE}={chosen} is no folder", f"name a folder with a {toml_file.NAME}")
        return at(str(folder.resolve()))
    here = Path(working_directory)
    around = next((each for each in (here, *here.parents) if (each / toml_file.NAME).is_file()), paths.ROOT)
    return at(str(around))
