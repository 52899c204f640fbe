"""moto's repositories, with data that moto does not keep."""

import re
import threading
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from moto.ecr.models import ecr_backends

from pipeline_emulator.ecr.credentials import Scope
from pipeline_emulator.ecr.errors import RepositoryNotFoundError

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)


class Preview(NamedTuple):
    """A policy's preview: the policy's text, and the images that it would expire, each with the rule."""

    policy: str
    found: list[tuple[Any, Any]]


@dataclass
class Content:
    """The data of one repository, not shared with a later one of the same name."""

    registry_name: str = field(default_factory=lambda: uuid.uuid4().hex)  # the repository's name in the registry
    pushed_at: dict[str, datetime] = field(default_factory=dict)  # by digest; the registry lists no untagged manifests
    lock: threading.RLock = field(default_factory=threading.RLock)  # held while manifests or tags change
    preview: Preview | None = None  # of a lifecycle policy


@dataclass(frozen=True)
class Repository:
    """A repository of an account in a region."""

    name: str
    registry_id: str
    content: Content
    model: Any  # moto's repository

    def is_immutable(self, tag: str) -> bool:
        """Return whether a tag, once set, cannot move to another image.

        Filters list exceptions, with `*` for any characters:
        https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html
        """
        filters = self.model.image_tag_mutability_exclusion_filters or []
        is_exception = any(fnmatchcase(tag, entry["filter"]) for entry in filters)
        return bool(self.model.is_tag_immutable()) != is_exception


# Keyed by moto's object, so that an entry disappears with its repository, however it is deleted.
_contents: WeakKeyDictionary[Any, Content] = WeakKeyDictionary()
_contents_lock = threading.Lock()


def find_repository(scope: Scope, name: str, registry_id: str | None = None) -> Repository:
    """Return the repository.

    Args:
        scope: the client's account and region.
        name: the repository's name.
        registry_id: the account that must own it; only the client's own account has repositories.

    Raises:
        RepositoryNotFoundError: there is none.
    """
    model = ecr_backends[scope.account_id][scope.region].repositories.get(name)
    if model is None or (registry_id or scope.account_id) != model.registry_id:
        raise RepositoryNotFoundError(name, registry_id or scope.account_id)
    with _contents_lock:
        content = _contents.setdefault(model, Content())
    return Repository(name, model.registry_id, content, model)


def put_content(scope: Scope, name: str, content: Content) -> None:
    """Give moto's repository of this name its data."""
    with _contents_lock:
        _contents[ecr_backends[scope.account_id][scope.region].repositories[name]] = content


def all_repositories() -> list[Repository]:
    """Return the repositories of all accounts and regions."""
    return [repository for _, repository in every()]


def every() -> list[tuple[Scope, Repository]]:
    """Return the repositories of all accounts and regions, each with its account and region."""
    scopes = [Scope(account, region) for account, regions in list(ecr_backends.items()) for region in list(regions)]
    names = [
        (scope, name) for scope in scopes for name in list(ecr_backends[scope.account_id][scope.region].repositories)
    ]
    return [(scope, find_repository(scope, name)) for scope, name in names]


def place(scope: Scope, name: str) -> str:
    """Return where a missing repository was looked for, and where there is one, to complete an error's message.

    A password is for one region, and neither a container client nor the repository's URI shows which.
    """
    regions = sorted(
        region for region, backend in list(ecr_backends[scope.account_id].items()) if name in backend.repositories
    )
    found = f"it exists in {' and '.join(regions)}" if regions else "it exists in no region"
    return f"in region {scope.region}; {found}"


def is_digest(reference: str) -> bool:
    """Return whether a manifest reference is a digest; otherwise it is a tag."""
    return _DIGEST.fullmatch(reference) is not None


def is_tag(reference: str) -> bool:
    """Return whether a text is a valid tag."""
    return _TAG.fullmatch(reference) is not None
