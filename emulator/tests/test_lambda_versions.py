"""Published versions and aliases: which code answers, and when environments of an old version end."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.local_only

SAYS = "def handler(event, context):\n    return [{word!r}, context.function_version, context.invoked_function_arn]"


@pytest.fixture
def aliased(create_function: Callable[..., Any], zipped: Callable[..., bytes]) -> Any:
    """A function with versions 1 and 2 and an alias for 2."""
    function = create_function(SAYS.format(word="one"), Publish=True)
    client = function.localstack.client("lambda")
    client.create_alias(FunctionName=function.name, Name="live", FunctionVersion="1")
    client.update_function_code(
        FunctionName=function.name, ZipFile=zipped({"function.py": SAYS.format(word="two")}), Publish=True
    )
    client.get_waiter("published_version_active").wait(FunctionName=function.name, Qualifier="2")
    move(function, "2")
    return function


def move(function: Any, version: str) -> None:
    function.localstack.client("lambda").update_alias(FunctionName=function.name, Name="live", FunctionVersion=version)


def environments(function: Any, version: str) -> int:
    """Returns how many processes run a version."""
    found = [process.environ() for process in function.localstack.running("bootstrap.py")]
    return sum(
        (one["AWS_LAMBDA_FUNCTION_NAME"], one["AWS_LAMBDA_FUNCTION_VERSION"]) == (function.name, version)
        for one in found
    )


def test_alias_invokes_its_version_with_the_code_of_that_version(aliased: Any) -> None:
    for version, word in (("2", "two"), ("1", "one"), ("2", "two")):
        move(aliased, version)
        answer = aliased.invoke(Qualifier="live")
        assert answer.error is None, answer
        assert answer.payload == [word, version, f"{aliased.arn}:live"]


def test_configuration_of_an_alias_is_that_of_its_version(aliased: Any) -> None:
    client = aliased.localstack.client("lambda")
    for asked in ({"FunctionName": aliased.name, "Qualifier": "live"}, {"FunctionName": f"{aliased.arn}:live"}):
        found = client.get_function_configuration(**asked)
        assert (found["Version"], found["FunctionArn"], found["State"]) == ("2", f"{aliased.arn}:live", "Active")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_function_configuration(FunctionName=aliased.name, Qualifier="other")


def test_version_keeps_its_code_when_another_one_is_deleted(aliased: Any) -> None:
    move(aliased, "1")
    aliased.localstack.client("lambda").delete_function(FunctionName=aliased.name, Qualifier="2")
    assert aliased.invoke(Qualifier="live").payload[:2] == ["one", "1"]


@pytest.mark.long_proof
def test_environments_of_a_version_end_after_the_alias_has_moved(aliased: Any, eventually: Callable[..., Any]) -> None:
    assert aliased.invoke(Qualifier="live").payload[1] == "2"
    assert environments(aliased, "2") == 1
    move(aliased, "1")
    assert aliased.invoke(Qualifier="live").payload[1] == "1"
    eventually(lambda: environments(aliased, "2") == 0, "the old version's environment ends", 60)
    assert environments(aliased, "1") == 1


@pytest.mark.long_proof
def test_environments_of_a_version_stay_if_the_alias_comes_back(aliased: Any) -> None:
    assert aliased.invoke(Qualifier="live").payload[1] == "2"
    move(aliased, "1")
    move(aliased, "2")
    before = aliased.localstack.running("bootstrap.py")
    assert aliased.invoke(Qualifier="live").payload[1] == "2"
    assert aliased.localstack.running("bootstrap.py") == before


def test_alias_cannot_be_moved_to_a_version_that_does_not_exist(aliased: Any) -> None:
    client = aliased.localstack.client("lambda")
    with pytest.raises(client.exceptions.ResourceNotFoundException, match=r"Function not found: .*:9"):
        move(aliased, "9")
    assert aliased.invoke(Qualifier="live").payload[1] == "2"


def test_a_failed_function_becomes_a_good_one_by_an_update(
    localstack: Any, create_function: Callable[..., Any], eventually: Callable[..., Any]
) -> None:
    function = create_function("def handler(event, context):\n    return 'here'\n", Runtime="java21")
    assert function.configuration()["State"] == "Failed"
    localstack.client("lambda").update_function_configuration(FunctionName=function.name, Runtime="python3.13")
    eventually(lambda: function.configuration()["State"] == "Active", "the function is active")
    assert function.invoke().payload == "here"


def test_weights_of_an_alias_are_changed(aliased: Any) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html"""
    client = aliased.localstack.client("lambda")
    place = {"FunctionName": aliased.name, "Name": "live"}
    weights = {"AdditionalVersionWeights": {"1": 0.99}}
    assert client.update_alias(**place, RoutingConfig=weights)["RoutingConfig"] == weights
    answers = [aliased.invoke(Qualifier="live").payload[1] for _ in range(10)]
    assert "1" in answers
    with pytest.raises(client.exceptions.InvalidParameterValueException, match="already included"):
        client.update_alias(**place, RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}})
    assert "RoutingConfig" not in client.update_alias(**place, RoutingConfig={})


def test_an_alias_with_weights_has_no_provisioned_concurrency(aliased: Any) -> None:
    """https://github.com/hashicorp/terraform/issues/24957"""
    client = aliased.localstack.client("lambda")
    client.update_alias(FunctionName=aliased.name, Name="live", RoutingConfig={"AdditionalVersionWeights": {"1": 0.5}})
    text = "Alias with weights can not be used with Provisioned Concurrency"
    for place in ({"FunctionName": aliased.name}, {"FunctionName": aliased.arn}):
        with pytest.raises(client.exceptions.InvalidParameterValueException, match=text):
            client.put_provisioned_concurrency_config(**place, Qualifier="live", ProvisionedConcurrentExecutions=1)
    with pytest.raises(client.exceptions.ProvisionedConcurrencyConfigNotFoundException):
        client.get_provisioned_concurrency_config(FunctionName=aliased.name, Qualifier="live")
    client.update_alias(FunctionName=aliased.name, Name="live", RoutingConfig={})
    place = {"FunctionName": aliased.name, "Qualifier": "live"}
    client.put_provisioned_concurrency_config(**place, ProvisionedConcurrentExecutions=1)
    client.delete_provisioned_concurrency_config(**place)


def test_provisioned_concurrency_is_changed_while_an_alias_moves(aliased: Any, eventually: Callable[..., Any]) -> None:
    """https://docs.aws.amazon.com/lambda/latest/api/API_GetProvisionedConcurrencyConfig.html"""
    client = aliased.localstack.client("lambda")
    place = {"FunctionName": aliased.name, "Qualifier": "live"}

    def allocated() -> int:
        found = client.get_provisioned_concurrency_config(**place)
        return int(found["AllocatedProvisionedConcurrentExecutions"]) if found["Status"] == "READY" else 0

    client.put_provisioned_concurrency_config(**place, ProvisionedConcurrentExecutions=1)
    eventually(lambda: allocated() == 1, "one environment", 60)
    client.put_provisioned_concurrency_config(**place, ProvisionedConcurrentExecutions=2)
    eventually(lambda: allocated() == 2, "two environments, without the one that has ended", 60)
    move(aliased, "1")
    client.put_provisioned_concurrency_config(**place, ProvisionedConcurrentExecutions=1)
    eventually(lambda: (allocated(), environments(aliased, "1")) == (1, 1), "one environment of the other version", 60)
    assert aliased.invoke(Qualifier="live").payload[:2] == ["one", "1"]
    client.delete_provisioned_concurrency_config(**place)


@pytest.mark.long_proof
def test_a_function_is_not_changed_while_it_is_created_or_updated(
    localstack: Any, create_role: Callable[..., str], zipped: Callable[..., bytes], refusal: Callable[..., Any]
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html."""
    client, name = localstack.client("lambda"), f"function-{uuid.uuid4().hex[:8]}"
    # Unpacking and compiling them takes long enough for the requests below.
    first, second = (zipped({f"m{number}.py": f"x = {word}\n" for number in range(2000)}) for word in (1, 2))
    arn = client.create_function(
        FunctionName=name, Runtime="python3.13", Handler="m1.x", Role=create_role(), Code={"ZipFile": first}
    )["FunctionArn"]
    not_now = "The operation cannot be performed at this time."
    pending = f"{not_now} The function is currently in the following state: Pending"
    assert refusal(client.publish_version, FunctionName=name) == ("ResourceConflictException", pending)
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    client.update_function_code(FunctionName=name, ZipFile=second)
    for operation, request in (
        (client.update_function_configuration, {"Timeout": 9}),
        (client.update_function_code, {"ZipFile": first}),
        (client.publish_version, {}),
    ):
        found = refusal(operation, FunctionName=name, **request)
        assert found == ("ResourceConflictException", f"{not_now} An update is in progress for resource: {arn}")
    client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    assert client.publish_version(FunctionName=name)["Timeout"] == 3
    client.delete_function(FunctionName=name)
