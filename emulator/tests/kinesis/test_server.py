"""Concurrent first requests, isolation of LocalStacks on one machine, and listening addresses."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil
import pytest

pytestmark = pytest.mark.local_only


@pytest.mark.long_proof
def test_concurrent_first_requests_succeed_and_stacks_are_isolated(
    localstack: Any, start_localstack: Callable[..., Any], create_stream: Callable[..., str]
) -> None:
    stream = create_stream()
    other = start_localstack()
    client = other.client("kinesis", max_pool_connections=8)

    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(client.list_streams) for _ in range(8)]

    assert [answer.result()["StreamNames"] for answer in answers] == [[]] * 8
    assert stream in localstack.client("kinesis").list_streams()["StreamNames"]
    other.stop()


def test_everything_listens_on_the_loopback_address_only(localstack: Any, create_stream: Callable[..., str]) -> None:
    create_stream()
    processes = [psutil.Process(localstack.process.pid), *localstack.processes()]
    listening = {
        process.pid: {
            connection.laddr.ip
            for connection in process.net_connections("inet")
            if connection.status == psutil.CONN_LISTEN
        }
        for process in processes
    }
    assert listening[localstack.process.pid]
    assert set().union(*listening.values()) <= {"127.0.0.1", "::1"}
