"""A function keeps the KMS key of its environment variables."""

from typing import Any

SOURCE = """
    import os

    def handler(event, context):
        return os.environ.get("NAME")
"""


def test_a_functions_key_is_kept_replaced_and_removed(localstack: Any, create_function: Any) -> None:
    client, kms = localstack.client("lambda"), localstack.client("kms")
    first, second = (kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
    function = create_function(SOURCE, KMSKeyArn=first)

    def update(**request: Any) -> tuple[Any, Any]:
        client.update_function_configuration(FunctionName=function.name, **request)
        client.get_waiter("function_updated_v2").wait(FunctionName=function.name)
        found = client.get_function_configuration(FunctionName=function.name)
        return found.get("KMSKeyArn"), found.get("Environment", {}).get("Variables")

    assert update(Description="changed") == (first, None)
    assert update(Environment={"Variables": {"NAME": "a"}}) == (first, {"NAME": "a"})
    assert client.publish_version(FunctionName=function.name)["KMSKeyArn"] == first
    assert update(Environment={}) == (
        first,
        {"NAME": "a"},
    )  # changes nothing: https://github.com/go-to-k/cdkd/pull/1161
    assert update(KMSKeyArn=second) == (second, {"NAME": "a"})
    assert function.invoke({}).payload == "a"
    assert update(KMSKeyArn="") == (None, {"NAME": "a"})
    version = client.get_function_configuration(FunctionName=function.name, Qualifier="1")
    assert (version["KMSKeyArn"], version["Environment"]) == (first, {"Variables": {"NAME": "a"}})
