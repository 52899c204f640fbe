"""URLs in responses begin with the address by which the client reached the emulator, never with one it made up."""

from typing import Any

import boto3
import pytest
from localstack import config

from pipeline_emulator.ecr import settings

pytestmark = pytest.mark.local_only


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_queues_url_has_the_address_that_the_client_used_and_works(host: str, localstack: Any) -> None:
    endpoint = localstack.endpoint_url.replace("127.0.0.1", host)
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    sqs = boto3.client("sqs", endpoint_url=endpoint, region_name="ap-south-1", **keys)
    name = f"addressed-{host.replace('.', '-')}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    assert url == f"{endpoint}/000000000000/{name}" == sqs.get_queue_url(QueueName=name)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    other = localstack.client("sqs")  # by the other name
    assert other.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "hello"
    assert [one.endswith(f"/{name}") for one in other.list_queues(QueueNamePrefix=name)["QueueUrls"]] == [True]
    other.delete_queue(QueueUrl=url)


def test_a_repositorys_uri_has_the_gateways_port(localstack: Any) -> None:
    ecr = localstack.client("ecr")
    repository = ecr.create_repository(repositoryName="addressed")["repository"]
    assert repository["repositoryUri"] == f"{localstack.endpoint_url.removeprefix('http://')}/addressed"
    ecr.delete_repository(repositoryName="addressed")


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> None:
    """An emulator in a container: it listens on 4566, and the engine publishes that as 49153."""
    monkeypatch.setattr(config, "LOCALSTACK_HOST", config.HostAndPort("127.0.0.1", 4566))
    monkeypatch.setattr(config, "GATEWAY_LISTEN", [config.HostAndPort("0.0.0.0", 4566)])
    monkeypatch.setattr(settings, "_PORTS", set())
    settings.add_ports(["49153"])


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("127.0.0.1:49153", "127.0.0.1:49153"),
        ("localhost:49153", "127.0.0.1:49153"),
        ("localhost:4566", "127.0.0.1:4566"),
        # Where somebody else may listen, who would get the registry's password:
        ("127.0.0.1:9999", "127.0.0.1:4566"),
        ("127.0.0.1:049153", "127.0.0.1:4566"),
        ("evil.example:49153", "127.0.0.1:4566"),
        ("127.0.0.1:49153@evil.example:49153", "127.0.0.1:4566"),
        ("emulator:4566", "127.0.0.1:4566"),
        ("", "127.0.0.1:4566"),
        (":", "127.0.0.1:4566"),
    ],
)
@pytest.mark.usefixtures("published")
def test_a_repositorys_port_is_taken_from_the_request_only_if_it_leads_to_the_gateway(
    asked: str, expected: str
) -> None:
    assert settings.public_host(asked) == expected


@pytest.mark.usefixtures("published")
def test_an_address_of_another_machine_is_given_to_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "LOCALSTACK_HOST", config.HostAndPort("emulator.lan", 4566))
    assert settings.public_host("127.0.0.1:49153") == "emulator.lan:4566"
