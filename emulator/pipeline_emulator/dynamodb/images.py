"""What a record tells of an item: its keys, and the item before and after the change."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

IMAGES = ("Keys", "NewImage", "OldImage")


def content(table: Table, old: Item | None, new: Item | None) -> dict[str, Any]:
    """Return keys, images, time and size of a change, as clients get them: binary values are bytes."""
    item = new if old is None else old
    assert item is not None
    keys = {table.hash_key_attr: item.hash_key, table.range_key_attr: item.range_key}
    images = {
        "Keys": {name: value_of(key) for name, key in keys.items() if name and key},
        **({"NewImage": _image(new)} if new else {}),
        **({"OldImage": _image(old)} if old else {}),
    }
    return {"ApproximateCreationDateTime": datetime.now(UTC), **images, "SizeBytes": size(images)}


def is_same_insert(earlier: dict[str, Any], later: dict[str, Any]) -> bool:
    """Return whether two records of a table are about the creation of the same item."""
    inserted = earlier["eventName"] == later["eventName"] == "INSERT"
    return inserted and bool(earlier["dynamodb"]["Keys"] == later["dynamodb"]["Keys"])


def size(change: dict[str, Any]) -> int:
    """Return the bytes of a change's keys and images."""
    return sum(_size(change[name]) for name in IMAGES if name in change)


def text(value: Any) -> str:
    """Return JSON, with binary values in Base64."""
    return json.dumps(value, sort_keys=True, default=lambda content: base64.b64encode(content).decode())


def _image(item: Item) -> dict[str, Any]:
    return {name: value_of(value) for name, value in item.attrs.items()}


def value_of(value: DynamoType) -> dict[str, Any]:
    """Return a value as clients get it."""
    content = value.value
    match value.type:
        case "B":
            content = _bytes(content)
        case "BS":
            content = [_bytes(one) for one in content]
        case "L":
            content = [value_of(one) for one in content]
        case "M":
            content = {name: value_of(one) for name, one in content.items()}
        case "SS" | "NS":
            content = list(content)
    return {value.type: content}


def _bytes(content: str | bytes) -> bytes:
    return base64.b64decode(content) if isinstance(content, str) else content


def _size(image: dict[str, Any]) -> int:
    """Return the bytes of an image's names and simple values."""
    return sum(len(name.encode()) + sum(map(_length, value.values())) for name, value in image.items())


def _length(value: Any) -> int:
    return len(value.encode()) if isinstance(value, str) else len(value) if isinstance(value, bytes) else 1
