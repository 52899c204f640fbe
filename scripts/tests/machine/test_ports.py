import random
import socket
from pathlib import Path

import pytest

from harness.machine import ports


def test_free_ports_are_free_and_different() -> None:
    found = ports.free_ports(5)
    assert len(set(found)) == 5
    for port in found:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", port))


def test_no_port_is_one_that_the_system_gives_to_connections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (limits := tmp_path / "range").write_text("22500\t60999\n")
    monkeypatch.setattr(ports, "_EPHEMERAL", limits)
    assert max(ports.free_ports(500)) < 22500


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_port_with_a_listener_on_any_address_is_not_free(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    [port] = ports.free_ports(1)
    monkeypatch.setattr(random, "sample", lambda _range, k: [port, port + 1])
    with socket.create_server((host, port)):
        assert ports.free_ports(1) == [port + 1]


def test_without_room_below_the_connections_any_free_port_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (limits := tmp_path / "range").write_text("1024\t65535\n")
    monkeypatch.setattr(ports, "_EPHEMERAL", limits)
    assert len(set(ports.free_ports(5))) == 5
