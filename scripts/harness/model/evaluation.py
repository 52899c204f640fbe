"""A model's evaluation: its hold-out rows and the distribution of its training data, as its training wrote them.

The training of any pipeline may leave the file `FILE` in MLflow's model folder (docs/model.md has the format). It comes
to the model bucket with the model, and the page reads it there. The function never does.
"""

from __future__ import annotations

from collections.abc import Sized
from typing import TYPE_CHECKING, Annotated, Literal

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from harness.errors import HarnessError
from harness.pipeline.schema import Path

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FILE = "extra_files/evaluation.json"
MOST_BYTES = 8 * 2**20
MISSING = ("NoSuchKey", "404", "NoSuchBucket")

type Count = Annotated[int, Field(ge=0)]
type Number = Annotated[float, Field(allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class HoldOut(_Part):
    """Rows that the measured model had not seen, as columns of equal length.

    Attributes:
        rows: number of rows measured; the columns may be a sample of them.
        actual, predicted: the target's value, and the model's prediction of it.
        time: ISO date or time of each row; empty if rows have none.
        groups: by name, the value of each row, such as its store.
    """

    rows: Count
    actual: list[Number] = Field(min_length=1)
    predicted: list[Number]
    time: list[str] = []
    groups: dict[str, list[str | int]] = {}

    @model_validator(mode="after")
    def _equally_long(self) -> HoldOut:
        timed: dict[str, Sized] = {"time": self.time} if self.time else {}
        columns = {"predicted": self.predicted, **timed, **self.groups}
        for name, column in columns.items():
            if len(column) != len(self.actual):
                raise ValueError(f"{name} has {len(column)} values, and actual has {len(self.actual)}")
        return self


class Distribution(_Part):
    """How often the values of one feature occurred in the training data.

    Attributes:
        name: of the feature, or of the target.
        path: JMESPath to the value in an event; for predictions, in an answer.
        part: what of the value counts: `weekday` of an ISO date; the value itself if it is left out.
        edges: ascending limits between bins of numbers: a value belongs to the first bin whose edge it does not exceed.
            None if `counts` has values.
        counts: rows by value, or one number of rows for each bin (one more than edges).
    """

    name: str = Field(min_length=1)
    path: Path
    part: Literal["weekday"] | None = None
    edges: list[Number] | None = None
    counts: dict[str, Count] | list[Count] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Distribution:
        if self.edges is None and isinstance(self.counts, dict):
            return self
        if self.edges is None or isinstance(self.counts, dict):
            raise ValueError("counts must be an object of values, or edges and a list")
        if sorted(set(self.edges)) != self.edges or len(self.counts) != len(self.edges) + 1:
            raise ValueError("edges must ascend, and counts must have one number more")
        return self


class Training(_Part):
    """The training data's distribution: of the features that events carry, and of the model's predictions."""

    features: list[Distribution] = []
    prediction: Distribution | None = None


class Evaluation(_Part):
    """The file.

    Attributes:
        format: 1.
        target: what the model predicts, such as `sales`.
    """

    format: Literal[1]
    target: str
    hold_out: HoldOut | None = None
    training: Training = Training()


def read(s3: S3Client, bucket: str, folder: str) -> Evaluation | None:
    """Return the evaluation of a model in a bucket; None if its training wrote none.

    Args:
        s3: a client that may read the bucket.
        bucket: the model bucket.
        folder: the model's folder in it, without a slash at the end.

    Raises:
        HarnessError: the file is too large, or not as documented.
    """
    key = f"{folder}/{FILE}"
    try:
        found = s3.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in MISSING:
            return None
        raise
    if found["ContentLength"] > MOST_BYTES:
        cause = f"s3://{bucket}/{key} has {found['ContentLength']:,} bytes; at most {MOST_BYTES:,} are read"
        raise HarnessError(cause, "write a sample of the hold-out's rows (docs/model.md), and train again")
    return parse(found["Body"].read(), f"s3://{bucket}/{key}")


def parse(content: bytes, name: str) -> Evaluation:
    """Check and return an evaluation.

    Args:
        content: of the file.
        name: of the file, for messages.

    Raises:
        HarnessError: it is not as documented; the cause says where.
    """
    try:
        return Evaluation.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        cause = f"{name} is no evaluation: {f'{place}: ' if place else ''}{first['msg']}"
        raise HarnessError(cause, "docs/model.md has its format; correct the training, and train again") from None
