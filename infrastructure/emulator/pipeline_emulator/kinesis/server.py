"""The start of kinesis-local, made safe for requests that come at once.

Core lists the server before it is up, so that every request but the first fails with InternalError meanwhile;
Terraform's parallel requests do just that.
"""

from collections.abc import Callable
from typing import Any

from localstack.services.kinesis.kinesis_mock_server import KinesisServerManager


def install() -> None:
    """Let all requests wait for the one that starts the server."""
    manager: Any = KinesisServerManager
    manager.get_server_for_account = one_at_a_time(manager.get_server_for_account)


def one_at_a_time(start_or_get: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    """Return core's method under core's own lock; a server that did not come up is started anew next time."""

    def get_server_for_account(self: Any, account_id: str) -> Any:
        with self._lock:
            try:
                return start_or_get(self, account_id)
            except Exception:
                if server := self._servers.pop(account_id, None):
                    server.shutdown()
                raise

    return get_server_for_account
