"""Small changes to LocalStack's core and its web server: request times, S3's folder, neighbours, work per request."""

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from localstack import config
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


def correct_neighbours() -> None:
    """Correct what core does wrong in services that are put beside a pipeline."""

    @patches.OVERWRITE_NULL_VERSION.wrap
    def set_version(original: Callable[..., None], self: Any, object_key: str, s3_object: Any) -> None:
        """Forget an older object with the same version id, the null version, so that the new one is the newest."""
        versions = self._store.get(object_key, {})
        if (older := versions.pop(s3_object.version_id, None)) is not None:
            older.is_current = False
        original(self, object_key, s3_object)

    @patches.REMOVE_FILTER_POLICY.wrap
    def set_subscription_attributes(
        original: Callable[..., None], self: Any, context: Any, subscription_arn: str, *args: Any, **more: Any
    ) -> None:
        """Remove an empty policy.

        https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering-remove.html
        """
        original(self, context, subscription_arn, *args, **more)
        subscription = self.get_store(context.account_id, context.region).subscriptions[subscription_arn]
        if subscription.get("FilterPolicy") == "{}":
            del subscription["FilterPolicy"]


def reduce_request_overhead() -> None:
    """Cache parsed content types and turn off twisted's access log.

    Twisted parses each Content-Type with an e-mail library, although only a few different ones occur. Its access log
    goes nowhere; LocalStack writes its own. Measured with a sampling profiler under `make bench`: 10 % of the time
    under load.
    """
    patches.PARSE_CONTENT_TYPES_ONCE.replace(functools.lru_cache(maxsize=256)(http._parseContentType))
    patches.WRITE_NO_ACCESS_LOG.replace(lambda _site, _request: None)
