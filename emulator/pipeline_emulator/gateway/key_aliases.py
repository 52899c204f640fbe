"""ListAliases of KMS: with the aliases that AWS has made for its services, before they have a key, too.

"The response might also include aliases that have no TargetKeyId field": Terraform's data source for `alias/aws/s3`
finds the alias there, and asks for its key with DescribeKey, which makes it.

https://docs.aws.amazon.com/kms/latest/APIReference/API_ListAliases.html
"""

from collections.abc import Callable, Iterator
from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.kms.models import RESERVED_ALIASES, kms_stores
from localstack.utils.collections import PaginatedList

from pipeline_emulator import patches

_PAGE = 50  # the default that API_ListAliases documents


def install() -> None:
    """Patch core's KMS."""

    @patches.LIST_ALIASES.wrap
    def list_aliases(
        original: Callable[..., Any], self: Any, context: RequestContext, key_id: str | None = None,
        limit: int | None = None, marker: str | None = None, **rest: Any,
    ) -> Any:  # fmt: skip
        if key_id:
            return original(self, context, key_id, limit, marker, **rest)
        known = [one.metadata for one in kms_stores[context.account_id][context.region].aliases.values()]
        aliases: Any = PaginatedList([*known, *_without_key(context, {one["AliasName"] for one in known})])
        page, following = aliases.get_page(lambda one: one["AliasName"], next_token=marker, page_size=limit or _PAGE)
        return {"Aliases": page, "Truncated": bool(following)} | ({"NextMarker": following} if following else {})


def _without_key(context: RequestContext, known: set[str]) -> Iterator[dict[str, str]]:
    start = f"arn:{context.partition}:kms:{context.region}:{context.account_id}"
    for name in RESERVED_ALIASES:
        if name not in known:
            yield {"AliasName": name, "AliasArn": f"{start}:{name}"}
