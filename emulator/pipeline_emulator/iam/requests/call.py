"""An API request, and the checks that authorize it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline_emulator.arn import Arn, partition_of
from pipeline_emulator.iam.requests.kms_keys import Key
from pipeline_emulator.iam.ternary import Undetermined
from pipeline_emulator.iam.variables import Value

type Parameters = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookups:
    """Functions that read the emulator's state; each returns None for what it does not know.

    Attributes:
        stream_of: a Kinesis shard iterator or token, to the ARN of its stream.
        consumer_of: the ARN of a Kinesis stream and the name of one of its consumers, to the consumer's ARN.
        function_of: an event source mapping's UUID, to the ARN of the function it invokes.
        permission_of: a function's ARN, qualified or not, and a statement of its policy, to principal and kind of URL.
        url_auth_of: a function's ARN, qualified or not, to the kind of authorization of its URL.
        groups_of_query: the id of a query of CloudWatch Logs, to the names of its log groups.
        user_of_key: an access key's id, to the name of its user.
        path_of: the kind (`user`, `role`, `group`, `instance-profile`) and name of an IAM entity, to its path.
        boundary_of: the kind and name of an IAM user or role, to the ARN of its permissions boundary.
        key_of: a KMS key's id, ARN, alias or alias ARN, to the key.
        key_of_ciphertext: a ciphertext made with a symmetric key, to the key.
        key_of_grant: a grant token, to its key.
        queue_of: a queue's URL, to the ARN of the queue that SQS uses for it.
        source_of_task: the handle of a task that moves messages, to the ARN of the queue that it takes them from.
        sources_of: a dead-letter queue's ARN, to the ARNs of the queues that it serves; empty if it serves none.
        copy_source_of: an S3 copy source, to bucket, key and version as S3 reads them.
    """

    stream_of: Callable[[str], str | None] = lambda _text: None
    consumer_of: Callable[[str, str], str | None] = lambda _stream, _name: None
    function_of: Callable[[str], str | None] = lambda _uuid: None
    permission_of: Callable[[str, str], tuple[str | None, str | None]] = lambda _function, _statement: (None, None)
    url_auth_of: Callable[[str], str | None] = lambda _function: None
    groups_of_query: Callable[[str], tuple[str, ...] | None] = lambda _query: None
    user_of_key: Callable[[str], str | None] = lambda _key: None
    path_of: Callable[[str, str], str | None] = lambda _kind, _name: None
    boundary_of: Callable[[str, str], str | None] = lambda _kind, _name: None
    key_of: Callable[[str], Key | None] = lambda _name: None
    key_of_ciphertext: Callable[[bytes], Key | None] = lambda _blob: None
    key_of_grant: Callable[[str], Key | None] = lambda _token: None
    queue_of: Callable[[str], str | None] = lambda _url: None
    source_of_task: Callable[[str], str | None] = lambda _handle: None
    sources_of: Callable[[str], tuple[str, ...]] = lambda _arn: ()
    copy_source_of: Callable[[str], tuple[str, str, str | None] | None] = lambda _source: None


@dataclass(frozen=True, slots=True)
class Check:
    """One action on one resource that must be allowed.

    Attributes:
        action: `service:Action`.
        resource: an ARN, or `*` for actions without resource-level permissions.
        values: the service's condition keys, in lower case.
        keys: all condition keys, in lower case, that this operation can have and the emulator supports.
        tags: that the request sets.
        tag_keys: names of tags that the request removes.
    """

    action: str
    resource: str
    values: Mapping[str, Value] = field(default_factory=dict)
    keys: frozenset[str] = frozenset()
    tags: Mapping[str, str] = field(default_factory=dict)
    tag_keys: tuple[str, ...] | None = None


type Checks = Sequence[Check] | Undetermined
"""All must be allowed; empty if AWS requires no permission. Undetermined if the resource cannot be identified."""


@dataclass(frozen=True, slots=True)
class Call:
    """A parsed request.

    Attributes:
        operation: its name in botocore's model.
        parameters: named as in botocore's model.
        account: twelve digits, of the endpoint.
        region: of the endpoint.
        lookups: read the emulator's state.
        caller: the ARN of the user who makes the request; None for other principals.
    """

    operation: str
    parameters: Parameters
    account: str
    region: str
    lookups: Lookups = field(default_factory=Lookups)
    caller: str | None = None

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a regional resource."""
        return str(Arn(partition_of(self.region), service, self.region, self.account, resource))

    def text(self, *names: str) -> str | None:
        """Return the first of these parameters that is a non-empty string."""
        return next((value for name in names if isinstance(value := self.parameters.get(name), str) and value), None)

    def texts(self, name: str) -> list[str]:
        """Return a parameter that is a list of strings; empty if it is missing or something else."""
        value = self.parameters.get(name)
        return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []

    def tags(self, *names: str) -> dict[str, str]:
        """Return the tags that the request sets, from a map or a list of Key (or TagKey) and Value, in any case."""
        value = next((self.parameters[name] for name in names if name in self.parameters), None)
        if isinstance(value, Mapping):
            return {str(key): str(tag) for key, tag in value.items()}
        found = {}
        for item in value if isinstance(value, list) else []:
            if isinstance(item, Mapping):
                lowered = {str(key).lower().removeprefix("tag"): tag for key, tag in item.items()}
                found[str(lowered.get("key", ""))] = str(lowered.get("value", ""))
        return found

    def tag_keys(self, *names: str) -> tuple[str, ...] | None:
        """Return the names of the tags that the request removes; None if it removes none."""
        name = next((name for name in names if name in self.parameters), None)
        return tuple(self.texts(name)) if name else None
