"""Passwords of the registry: each tells the account and region whose repositories its bearer sees."""

import secrets
import threading
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

USER = "AWS"
# "An authorization token … is valid for 12 hours":
# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
LIFETIME = timedelta(hours=12)


class Scope(NamedTuple):
    """An account in a region; its registry's id is the account's."""

    account_id: str
    region: str


class Passwords:
    """One password for each scope, made at its first issue; each issue makes it valid for another 12 hours."""

    def __init__(self) -> None:
        """Start without any."""
        self._lock = threading.Lock()
        self._issued: dict[Scope, tuple[str, datetime]] = {}

    def issue(self, scope: Scope) -> tuple[str, datetime]:
        """Return the scope's password and the time it expires."""
        now = datetime.now(UTC)
        with self._lock:
            password, expires = self._issued.get(scope, ("", now))
            if expires <= now:
                password = secrets.token_urlsafe(32)
            self._issued[scope] = password, now + LIFETIME
            return self._issued[scope]

    def scope_of(self, password: str) -> Scope | None:
        """Return whose password it is; None when it is nobody's or has expired."""
        now = datetime.now(UTC)
        with self._lock:
            for scope, (known, expires) in self._issued.items():
                if secrets.compare_digest(known.encode(), password.encode()) and now < expires:
                    return scope
        return None


PASSWORDS = Passwords()
