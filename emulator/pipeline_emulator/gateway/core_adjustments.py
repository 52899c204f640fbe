"""Small changes to LocalStack core and its web server: times, S3 folder, neighbours, work at start and per request."""

import functools
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, override

from localstack import config
from localstack.aws.api import RequestContext
from localstack.http import Response
from twisted.web import http

from pipeline_emulator import patches


def keep_fractions() -> None:
    """Keep the fractions of epoch seconds in requests: LocalStack truncates them, AWS does not."""
    patches.KEEP_FRACTIONS.replace(staticmethod(lambda text: datetime.fromtimestamp(float(text), UTC)))


def use_own_s3_folder() -> None:
    """Store S3's objects in this LocalStack's own folder. Call it before S3 is loaded.

    Core uses one folder for every LocalStack on the machine, /tmp/localstack-s3-storage, with a subfolder per bucket
    name. Two LocalStacks with buckets of the same name deleted each other's objects, and a killed one left its objects
    behind.
    """
    folder = Path(config.dirs.tmp) / "s3"
    folder.mkdir(parents=True, exist_ok=True)
    patches.KEEP_OBJECTS_APART.replace(str(folder))


def choose_providers() -> None:
    """Choose providers that download nothing, unless the user chose: core's need Java for tables, and for Firehose.

    Without a network, a request to core's waits for minutes. Core's of EventBridge Scheduler runs no schedule.
    """
    chosen = {"dynamodb": "moto", "dynamodbstreams": "moto", "firehose": "pipeline", "scheduler": "pipeline"}
    for service, provider in chosen.items():
        config.SERVICE_PROVIDER_CONFIG.set_provider_if_not_exists(service, provider)


def correct_neighbours() -> None:
    """Correct what core does wrong in services that are put beside a pipeline."""

    @patches.OVERWRITE_NULL_VERSION.wrap
    def set_version(original: Callable[..., None], self: Any, object_key: str, s3_object: Any) -> None:
        """Forget an older object with the same version id, the null version, so that the new one is the newest."""
        versions = self._store.get(object_key, {})
        if (older := versions.pop(s3_object.version_id, None)) is not None:
            older.is_current = False
        original(self, object_key, s3_object)

    patches.REMOVE_FILTER_POLICY.append(_remove_filter_policy)


def _remove_filter_policy(_chain: Any, context: RequestContext, response: Response) -> None:
    """Remove a subscription's filter policy once it is empty.

    https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering-remove.html
    """
    if (
        context.operation is None
        or context.operation.name != "SetSubscriptionAttributes"
        or response.status_code >= 300
    ):
        return
    from localstack.services.sns.models import sns_stores  # late: few stacks use SNS, and the import makes an RSA key

    request: Any = context.service_request
    subscription: Any = sns_stores[context.account_id][context.region].subscriptions.get(request["SubscriptionArn"], {})
    if subscription.get("FilterPolicy") == "{}":
        del subscription["FilterPolicy"]


def read_managed_policies_when_asked() -> None:
    """Read AWS's managed policies at the first request for one. Call it before IAM is loaded.

    Their documents are a sixth of the time in which the services are loaded, and 20 MiB.
    """

    @patches.READ_MANAGED_POLICIES.wrap
    def build(original: Callable[..., Mapping[str, Any]], self: Any) -> Mapping[str, Any]:
        return _ReadWhenAsked(functools.cache(functools.partial(original, self)))


class _ReadWhenAsked(Mapping[str, Any]):
    """A mapping that is read at its first use."""

    def __init__(self, read: Callable[[], Mapping[str, Any]]) -> None:
        self._read = read

    @override
    def __getitem__(self, key: str) -> Any:
        return self._read()[key]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    @override
    def __len__(self) -> int:
        return len(self._read())


def reduce_request_overhead() -> None:
    """Cache parsed content types and turn off twisted's access log.

    Twisted parses each Content-Type with an e-mail library, although only a few different ones occur. Its access log
    goes nowhere; LocalStack writes its own. Measured with a sampling profiler under `make bench`: 10 % of the time
    under load.
    """
    patches.PARSE_CONTENT_TYPES_ONCE.replace(functools.lru_cache(maxsize=256)(http._parseContentType))
    patches.WRITE_NO_ACCESS_LOG.replace(lambda _site, _request: None)
