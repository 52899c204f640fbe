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


def _means(text: str) -> Any:
    """Return what docs/pipeline-toml.md says of a key."""
    return Field(description=text)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Terraform(_Section):
    """`[terraform]`."""

    root: Annotated[Text, _means("folder of the root module")]
    var_file: Annotated[
        Annotated[str, _checked(lambda text: STAGE in text, f"must contain {STAGE}")] | None,
        _means(
            "its file of variables, with `{stage}` in the path. On this machine `{stage}` is `local`; without "
            "such a file, the first of `dev`, `stg`, `staging`, `stage`, `prod` that exists"
        ),
    ] = None


class Code(_Section):
    """`[function]`."""

    source: Annotated[
        Text,
        _means(
            "folder of the function's code: the Zip's without containers, the build context in them. Leave "
            "`[function]` out if only Terraform builds it"
        ),
    ]
    handler: Annotated[
        Text | None,
        _means(
            "value of the Terraform variable `lambda_handler`, where Terraform has the handler in a variable "
            "of that name"
        ),
    ] = None
    build: Annotated[
        Function | None,
        _means(
            "builds the Zip: called with the paths `output`, `python` and `uv`. Without it, the Zip has the "
            "folder and the packages in its `requirements.txt`"
        ),
    ] = None


class Literal(_Section):
    """`{ name = "…" }`: the resource's own name, where Terraform has no output for it."""

    name: Text


class Outputs(_Section):
    """`[outputs]`: the Terraform output with the name of each resource, or the name itself."""

    source_stream: Annotated[
        Text | Literal, _means("the Terraform output with the name of the stream of events, or the name itself")
    ]
    output_stream: Annotated[Text | Literal, _means("the same for the stream of answers")]
    function: Annotated[Text | Literal, _means("the same for the function")]
    failed_events: Annotated[
        Text | Literal | None, _means("the same for the bucket of failed events; leave it out if there is none")
    ] = None
    model_bucket: Annotated[
        Text | Literal | None, _means("the same for the bucket of models; leave it out if there is none")
    ] = None


class Events(_Section):
    """`[events]`."""

    sample: Annotated[
        dict[str, Any] | Text, _means("an event, or a file with events: a JSON object, a list, or one per line")
    ]
    made_up: Annotated[
        Function | None, _means("makes an event up. Without it, events are [varied samples](#events)")
    ] = None


class Ledger(_Section):
    """`[ledger]`."""

    id_in: Annotated[Path, _means("where the event's id is in the event")]
    id_out: Annotated[Path, _means("where the event's id is in the answer")]
    source_id: Annotated[
        Path | None, _means("where the answer has the source record's event id, such as `shardId-000000000000:4966…`")
    ] = None
    partition_key: Annotated[
        Path | None, _means("the value in the answer that must be the output record's partition key, as text")
    ] = None
    expected: Annotated[Function | None, _means("[what the answers must be](#expected-answers)")] = None
    tolerance: Annotated[
        float,
        Field(ge=0, lt=1, strict=False),
        _means("largest relative difference between equal numbers; from 0 to below 1"),
    ] = 1e-5


class Model(_Section):
    """`[model]`."""

    train: Annotated[
        Function | None, _means("[trains a model](#models) and logs it to MLflow; leave it out if there is no model")
    ] = None
    promote: Annotated[Function | None, _means("[checks a model](#models) of the registry before a stage gets it")] = (
        None
    )


class File(_Section):
    """The whole file."""

    name: Annotated[
        str,
        _means("1 to 31 lower-case letters, digits and hyphens, a letter first; names the stack"),
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
