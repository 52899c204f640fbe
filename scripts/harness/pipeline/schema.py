"""The keys of `pipeline.toml`, their types, and the checks that need nothing but the value itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

STAGE = "{stage}"
_FUNCTION = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


# The stack of the repository's own pipeline, and those of its tests and plans, which end in a process id.
_OURS = re.compile(r"local|(plan|e2e|rehearse|rehearsal)-\d+")


def _checked(holds: Callable[[str], bool], expected: str) -> AfterValidator:
    def check(text: str) -> str:
        if not holds(text):
            raise ValueError(expected)
        return text

    return AfterValidator(check)


def _compiles(text: str) -> bool:
    try:
        jmespath.compile(text)
    except JMESPathError:
        return False
    return True


type Text = Annotated[str, _checked(lambda text: bool(text.strip()), "must not be empty")]
type Function = Annotated[
    str, _checked(lambda text: bool(_FUNCTION.fullmatch(text)), 'must be "module:function", such as "events:made_up"')
]
type Path = Annotated[str, _checked(_compiles, 'must be a JMESPath expression, such as "prediction.id"')]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Terraform(_Section):
    """`[terraform]`.

    Attributes:
        root: folder of the root module.
        var_file: file of variables, with `{stage}` in its path.
    """

    root: Text
    var_file: Annotated[str, _checked(lambda text: STAGE in text, f"must contain {STAGE}")] | None = None


class Code(_Section):
    """`[function]`.

    Attributes:
        source: folder of the function's code: the Zip in the embedded runtime, the build context in containers.
        handler: where Terraform has it in a variable `lambda_handler`.
        build: called with the Zip's path to build it, in place of the harness's own builder.
    """

    source: Text
    handler: Text | None = None
    build: Function | None = None


class Literal(_Section):
    """`{ name = "…" }`: the resource's own name, where Terraform has no output for it."""

    name: Text


class Outputs(_Section):
    """`[outputs]`: the Terraform output with the name of each resource, or the name itself."""

    source_stream: Text | Literal
    output_stream: Text | Literal
    function: Text | Literal
    failed_events: Text | Literal | None = None
    model_bucket: Text | Literal | None = None


class Events(_Section):
    """`[events]`.

    Attributes:
        sample: an event, or a file with events: JSON, or one JSON object per line.
        made_up: called with a seeded `random.Random` (and `model`, if it takes that); returns an event.
    """

    sample: dict[str, Any] | Text
    made_up: Function | None = None


class Ledger(_Section):
    """`[ledger]`.

    Attributes:
        id_in: of the event's id in the event.
        id_out: of the event's id in the answer.
        source_id: of the source record's event id (`shardId-…:sequence number`) in the answer.
        partition_key: of the value in the answer that must be the output record's partition key, as text.
        expected: called with a list of events (and `model`, if it takes that); returns the answer to each, or None for
            an event that must fail. An answer has to have the keys that are expected, and may have more.
        tolerance: largest relative difference between equal numbers.
    """

    id_in: Path
    id_out: Path
    source_id: Path | None = None
    partition_key: Path | None = None
    expected: Function | None = None
    tolerance: Annotated[float, Field(ge=0, lt=1, strict=False)] = 1e-5


class Model(_Section):
    """`[model]`.

    Attributes:
        train: trains a model and logs it to MLflow.
        promote: checks a model of the registry before a stage gets it.
    """

    train: Function | None = None
    promote: Function | None = None


class File(_Section):
    """The whole file."""

    name: Annotated[
        str,
        _checked(
            lambda text: bool(re.fullmatch(r"[a-z][a-z0-9-]{0,30}", text)),
            "must be 1 to 31 lower-case letters, digits and hyphens, and begin with a letter",
        ),
        _checked(
            lambda text: not _OURS.fullmatch(text),
            "is the name of a stack that the harness makes itself; choose another",
        ),
    ]
    terraform: Terraform
    function: Code | None = None
    outputs: Outputs
    events: Events
    ledger: Ledger
    model: Model = Model()
