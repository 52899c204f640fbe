"""Pages of results, as in all of ECR's List and Describe operations."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pipeline_emulator.ecr.errors import InvalidParameterError

_DEFAULT_RESULTS, _MAX_RESULTS = 100, 1000


def page[T](items: Sequence[T], key: Callable[[T], str], request: Mapping[str, Any]) -> tuple[list[T], dict[str, str]]:
    """Return the page that a request's `maxResults` and `nextToken` select, and the next page's `nextToken`, if any.

    A token holds the key of the last item, not its position, so that deletions between requests skip no items.

    Args:
        items: all items, in ascending order of `key`.
        key: returns a text that identifies an item.
        request: of the API; 100 items by default, at most 1000:
            https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ListImages.html

    Raises:
        InvalidParameterError: the number is outside AWS's limits, or the token is invalid.
    """
    most = _DEFAULT_RESULTS if request.get("maxResults") is None else request["maxResults"]
    if most < 1:
        raise InvalidParameterError("maxResults", "Member must have value greater than or equal to 1")
    if most > _MAX_RESULTS:
        raise InvalidParameterError("maxResults", f"Member must have value less than or equal to {_MAX_RESULTS}")
    after = _decode(request["nextToken"]) if request.get("nextToken") else ""
    rest = [item for item in items if key(item) > after]
    chosen = rest[:most]
    token = {"nextToken": urlsafe_b64encode(key(chosen[-1]).encode()).decode()} if len(rest) > most else {}
    return chosen, token


def _decode(token: str) -> str:
    try:
        return urlsafe_b64decode(token.encode()).decode()
    except ValueError as error:
        raise InvalidParameterError("nextToken", "Invalid token") from error
