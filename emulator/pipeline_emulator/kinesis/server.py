"""The start of kinesis-local, made safe for requests that come at once and kept to the loopback address.

Core lists the server before it is up, so that every request but the first fails with InternalError meanwhile;
Terraform's parallel requests do just that.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from localstack.services.kinesis.kinesis_mock_server import KinesisMockNodeServer, KinesisServerManager

LOOPBACK = Path(__file__).with_name("loopback.cjs")


def install() -> None:
    """Let all requests wait for the one that starts the server, and start it with its listeners on loopback."""
    manager: Any = KinesisServerManager
    manager.get_server_for_account = one_at_a_time(manager.get_server_for_account)
    node_server: Any = KinesisMockNodeServer
    node_server._create_shell_command = on_loopback(node_server._create_shell_command)


def on_loopback(create_command: Callable[[Any], tuple[list[Any], dict[str, Any]]]) -> Callable[[Any], Any]:
    """Return core's method, its command `node main.js` preceded by the script that binds listeners to loopback."""

    def create_shell_command(self: Any) -> tuple[list[Any], dict[str, Any]]:
        (node, *arguments), environment = create_command(self)
        return [node, "--require", LOOPBACK, *arguments], environment

    return create_shell_command


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
