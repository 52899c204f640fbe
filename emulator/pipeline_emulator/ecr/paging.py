"""Pages of lists, as every List and Describe operation of ECR gives them."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pipeline_emulator.ecr.errors import InvalidParameterError

_DEFAULT, _MOST = 100, 1000


def page[T](items: Sequence[T], key: Callable[[T], str], request: Mapping[str, Any]) -> tuple[list[T], dict[str, str]]:
    """Return the page that `maxResults` and `nextToken` of the request ask for, and its `nextToken` where one follows.

    A token names the last item given by its key, not by its place: what is deleted meanwhile makes no page skip others.

    Args:
        items: everything, in ascending order of `key`.
        key: a text that identifies an item.
        request: of the API; at most 1000 items, 100 where it names no number:
            https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ListImages.html

    Raises:
        InvalidParameterError: the number is beyond AWS's limits, or the token is none of ours.
    """
    most = request.get("maxResults") or _DEFAULT
    if most < 1:
        raise InvalidParameterError("maxResults", "Member must have value greater than or equal to 1")
    if most > _MOST:
        raise InvalidParameterError("maxResults", f"Member must have value less than or equal to {_MOST}")
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
