"""Passwords of the registry, each for an account, a region and the user or session that requested it.

"An authorization token's permission scope matches that of the IAM principal used to retrieve the authentication token":
https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html
"""

import secrets
import threading
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

USER = "AWS"
# "An authorization token … is valid for 12 hours":
# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
LIFETIME = timedelta(hours=12)


class Scope(NamedTuple):
    """An account in a region. The account's id is also the registry's."""

    account_id: str
    region: str


class Bearer(NamedTuple):
    """The owner of a password: the scope and the user's or session's access key (None for the root user)."""

    scope: Scope
    access_key: str | None = None


class Passwords:
    """One password per bearer. Each issue extends its validity by 12 hours."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._issued: dict[Bearer, tuple[str, datetime]] = {}

    def issue(self, bearer: Bearer) -> tuple[str, datetime]:
        """Return the bearer's password and when it expires."""
        now = datetime.now(UTC)
        with self._lock:
            valid = {each: issued for each, issued in self._issued.items() if now < issued[1]}
            password = valid[bearer][0] if bearer in valid else secrets.token_urlsafe(32)
            self._issued = {**valid, bearer: (password, now + LIFETIME)}
            return self._issued[bearer]

    def bearer_of(self, password: str) -> Bearer | None:
        """Return the bearer of a password; None if it is unknown or expired."""
        now = datetime.now(UTC)
        with self._lock:
            for bearer, (known, expires) in self._issued.items():
                if secrets.compare_digest(known.encode(), password.encode()) and now < expires:
                    return bearer
        return None


PASSWORDS = Passwords()
