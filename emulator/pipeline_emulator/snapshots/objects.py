"""The data of S3's objects, and of the parts of unfinished uploads. Their descriptions are in S3's store."""

import json
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

from localstack.services.s3.models import S3DeleteMarker, s3_stores

from pipeline_emulator.services import provider

FOLDER = "objects"
_INDEX = "index.json"


class _Item(NamedTuple):
    """An object or a part: what identifies it, its description, and the upload that it is part of, if any."""

    place: str
    bucket: str
    model: Any
    upload: Any


def save(folder: Path) -> None:
    """Write the data of every object, version and part."""
    (folder / FOLDER).mkdir()
    places = []
    for number, item in enumerate(_items()):
        with _opened(item, "r") as source, (folder / FOLDER / str(number)).open("wb") as file:
            for piece in source:
                file.write(piece)
        places.append(item.place)
    (folder / FOLDER / _INDEX).write_text(json.dumps(places))


def load(folder: Path) -> None:
    """Store the data of the objects that S3's store describes."""
    places = json.loads((folder / FOLDER / _INDEX).read_text())
    files = {place: folder / FOLDER / str(number) for number, place in enumerate(places)}
    storage = provider("s3")._storage_backend
    for bucket in _buckets():
        storage.create_bucket(bucket.name)
    for item in _items():
        with _opened(item, "w") as target, files[item.place].open("rb") as file:
            # `target.write` would compute the object's ETag anew, which is another one after an upload in parts.
            shutil.copyfileobj(file, target.file)
            target.file.internal_last_modified = item.model.internal_last_modified


def exist() -> bool:
    """Return whether any bucket has an object."""
    return next(_items(), None) is not None


def _buckets() -> list[Any]:
    """Return the buckets of all accounts. The regions of an account share them."""
    shared = [next(iter(regions.values())) for regions in s3_stores.values() if regions]
    return [bucket for store in shared for bucket in store.buckets.values()]


def _items() -> Iterator[_Item]:
    for bucket in _buckets():
        for found in bucket.objects.values(with_versions=True):
            if not isinstance(found, S3DeleteMarker):
                yield _Item(json.dumps([bucket.name, found.key, found.version_id]), bucket.name, found, None)
        for upload in bucket.multiparts.values():
            for part in upload.parts.values():
                place = json.dumps([bucket.name, upload.id, part.part_number])
                yield _Item(f"part {place}", bucket.name, part, upload)


def _opened(item: _Item, mode: str) -> AbstractContextManager[Any]:
    storage = provider("s3")._storage_backend
    if item.upload:
        opened = storage.get_multipart(item.bucket, item.upload).open(item.model, mode=mode)
    else:
        opened = storage.open(item.bucket, item.model, mode=mode)
    return opened  # type: ignore[no-any-return]
