"""AuthenticateOnUnsubscribe: https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html."""

import json
import urllib.request
import uuid
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config


@pytest.fixture
def anonymous(localstack: Any) -> Any:
    """Return a client of SNS that signs nothing."""
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    return boto3.client("sns", endpoint_url=localstack.endpoint_url, region_name="us-east-1", config=config)


@pytest.fixture
def pending(localstack: Any, root: Any) -> dict[str, str]:
    """Return the parameters that confirm a new subscription."""
    sns = root("sns")
    topic = sns.create_topic(Name=f"topic-{uuid.uuid4().hex[:8]}")["TopicArn"]
    arn = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com", ReturnSubscriptionArn=True)
    url = f"{localstack.endpoint_url}/_aws/sns/subscription-tokens/{arn['SubscriptionArn']}"
    with urllib.request.urlopen(url, timeout=10) as answer:
        token = json.load(answer)["subscription_token"]
    return {"TopicArn": topic, "Token": token}


def test_a_confirmation_that_asks_for_signatures_has_one_and_so_has_the_end(
    anonymous: Any, root: Any, make_user: Any, refusal: Any, pending: dict[str, str]
) -> None:
    signed = {**pending, "AuthenticateOnUnsubscribe": "true"}
    assert refusal(anonymous.confirm_subscription, **signed)[0] == "AccessDenied"
    arn = root("sns").confirm_subscription(**signed)["SubscriptionArn"]
    anonymous.confirm_subscription(**pending)  # of no effect
    other = boto3.client(
        "sns",
        endpoint_url=anonymous.meta.endpoint_url,
        region_name="ap-south-1",
        aws_access_key_id="111111111111",
        aws_secret_access_key="any",
    )
    for client in (anonymous, other, make_user().client("sns")):
        code, message = refusal(client.unsubscribe, SubscriptionArn=arn)
        assert (code, "sns:Unsubscribe" in message) == ("AccessDenied", True)
    attributes = root("sns").get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert attributes["PendingConfirmation"] == "false"
    assert not any("sign" in name.lower() or "unsubscribe" in name.lower() for name in attributes)
    make_user({"Action": "sns:Unsubscribe", "Resource": "*"}).client("sns").unsubscribe(SubscriptionArn=arn)
    assert root("sns").list_subscriptions_by_topic(TopicArn=pending["TopicArn"])["Subscriptions"] == []


@pytest.mark.parametrize("more", [{}, {"AuthenticateOnUnsubscribe": "false"}])
def test_other_links_need_no_signature(
    anonymous: Any, root: Any, pending: dict[str, str], more: dict[str, str]
) -> None:
    arn = anonymous.confirm_subscription(**pending, **more)["SubscriptionArn"]
    anonymous.unsubscribe(SubscriptionArn=arn)
    assert root("sns").list_subscriptions_by_topic(TopicArn=pending["TopicArn"])["Subscriptions"] == []
