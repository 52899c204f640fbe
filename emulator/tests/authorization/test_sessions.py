"""Sessions are whose they are, for as long as that is somebody, and cannot do more than AWS lets them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
"""

import json
import re
import urllib.error
import urllib.request
import uuid
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import ClientError

ACCOUNT, REGION = "000000000000", "ap-south-1"
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
EVERYTHING = {"Action": "*", "Resource": "*"}


def policy(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **each} for each in statements]})


@pytest.fixture
def of_session(localstack: Any) -> Callable[..., Any]:
    """Return a function that creates a client with the credentials that STS has returned."""

    def client(keys: Mapping[str, str], service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=localstack.endpoint_url,
            region_name=REGION,
            config=Config(retries={"total_max_attempts": 1}),
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )

    return client


def outcome(call: Callable[..., Any], **request: Any) -> str:
    """Return `served` or the error's code."""
    try:
        call(**request)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "served"


def calls(of_session: Callable[..., Any], keys: Mapping[str, str], role: str) -> dict[str, str]:
    sts = of_session(keys, "sts")
    return {
        "iam": outcome(of_session(keys, "iam").list_users),
        "s3": outcome(of_session(keys, "s3").list_buckets),
        "GetSessionToken": outcome(sts.get_session_token),
        "GetFederationToken": outcome(sts.get_federation_token, Name="another"),
        "AssumeRole": outcome(sts.assume_role, RoleArn=role, RoleSessionName="another"),
        "GetCallerIdentity": outcome(sts.get_caller_identity),
    }


def test_sessions_call_what_aws_lets_them(
    make_user: Any, make_role: Any, assume: Any, of_session: Callable[..., Any]
) -> None:
    role = make_role(EVERYTHING, trusts=ROOT)
    session = assume(role).credentials
    user = make_user(EVERYTHING).client("sts")
    kinds = {
        "role": {
            "AccessKeyId": session["aws_access_key_id"],
            "SecretAccessKey": session["aws_secret_access_key"],
            "SessionToken": session["aws_session_token"],
        },
        "user": user.get_session_token()["Credentials"],
        "federated": user.get_federation_token(Name="one", Policy=policy(EVERYTHING))["Credentials"],
    }
    found = {kind: calls(of_session, keys, role) for kind, keys in kinds.items()}
    denied, served = "AccessDenied", "served"
    common = {"s3": served, "GetCallerIdentity": served, "GetSessionToken": denied, "GetFederationToken": denied}
    assert found == {
        "role": {**common, "iam": served, "AssumeRole": served},
        "user": {**common, "iam": "InvalidClientTokenId", "AssumeRole": served},
        "federated": {**common, "iam": "InvalidClientTokenId", "AssumeRole": denied},
    }


@pytest.mark.parametrize("kind", ["user", "federated user", "role"])
def test_a_session_ends_with_its_owner_whoever_gets_the_name_next(
    make_user: Any, make_role: Any, root: Any, of_session: Callable[..., Any], kind: str
) -> None:
    iam, everything = root("iam"), policy(EVERYTHING)
    if kind == "role":
        role = make_role(EVERYTHING, trusts=ROOT)
        name, names = role.rpartition("/")[2], {"RoleName": role.rpartition("/")[2]}
        keys = root("sts").assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
    else:
        user = make_user(EVERYTHING)
        name, sts = user.arn.rpartition("/")[2], user.client("sts")
        made = sts.get_session_token() if kind == "user" else sts.get_federation_token(Name="one", Policy=everything)
        keys = made["Credentials"]
    assert outcome(of_session(keys, "s3").list_buckets) == "served"
    if kind == "role":
        iam.delete_role_policy(PolicyName="inline", **names)
        iam.delete_role(**names)
        iam.create_role(AssumeRolePolicyDocument=policy({"Principal": ROOT, "Action": "sts:AssumeRole"}), **names)
        iam.put_role_policy(PolicyName="inline", PolicyDocument=everything, **names)
    else:
        iam.delete_access_key(UserName=name, AccessKeyId=user.credentials["aws_access_key_id"])
        iam.delete_user_policy(UserName=name, PolicyName="inline")
        iam.delete_user(UserName=name)
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=everything)
    assert outcome(of_session(keys, "s3").list_buckets) in ("InvalidAccessKeyId", "AccessDenied")


def test_a_chain_of_roles_keeps_its_source_identity_and_lasts_an_hour(make_role: Any, root: Any, assume: Any) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html"""
    actions = ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"]
    first, second, closed = (make_role({"Action": actions, "Resource": "*"}, trusts=ROOT) for _ in range(3))
    for role in (first, second):
        root("iam").update_assume_role_policy(
            RoleName=role.rpartition("/")[2], PolicyDocument=policy({"Principal": ROOT, "Action": actions})
        )
    sts = assume(
        first, SourceIdentity="alice", Tags=[{"Key": "team", "Value": "blue"}], TransitiveTagKeys=["team"]
    ).client("sts")
    to_second: dict[str, Any] = {"RoleArn": second, "RoleSessionName": "session"}
    assert sts.assume_role(**to_second)["SourceIdentity"] == "alice"
    assert sts.assume_role(**to_second, SourceIdentity="alice")["SourceIdentity"] == "alice"
    assert outcome(sts.assume_role, **to_second, SourceIdentity="bob") == "AccessDenied"
    assert outcome(sts.assume_role, **to_second, Tags=[{"Key": "TEAM", "Value": "red"}]) == "InvalidParameterValue"
    assert outcome(sts.assume_role, **to_second, DurationSeconds=3601) == "ValidationError"
    # AND a role that does not let a source identity be set cannot be assumed with one
    assert outcome(sts.assume_role, RoleArn=closed, RoleSessionName="session") == "AccessDenied"


def send(localstack: Any, user: Any, service: str, change: Callable[[AWSRequest], None], **request: Any) -> str:
    """Send a signed request, changed before (its URL) or after (its headers) it is signed; return the response."""
    made = AWSRequest("POST", f"{localstack.endpoint_url}/", **request)
    change(made)
    SigV4Auth(user.client("sts")._request_signer._credentials, service, REGION).add_auth(made)
    change(made)
    prepared = made.prepare()
    sent = urllib.request.Request(prepared.url, prepared.body, dict(prepared.headers), method="POST")
    try:
        with urllib.request.urlopen(sent, timeout=30) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return error.read().decode()


def in_query(key: str) -> Callable[[AWSRequest], None]:
    def change(request: AWSRequest) -> None:
        request.url = f"{request.url.partition('?')[0]}?Signature=x&AWSAccessKeyId={key}"

    return change


def in_header(text: str) -> Callable[[str], Callable[[AWSRequest], None]]:
    """Return the change that adds a part to the Authorization header, before or after the others."""

    def of(key: str) -> Callable[[AWSRequest], None]:
        part = text.format(f"{key}/20260101/{REGION}/sts/aws4_request")

        def change(request: AWSRequest) -> None:
            if found := request.headers.get("Authorization"):
                algorithm, _, rest = found.partition(" ")
                del request.headers["Authorization"]
                added = f"{part}, {rest}" if part.startswith("^") else f"{rest}, {part}"
                request.headers["Authorization"] = f"{algorithm} {added.removeprefix('^')}"

        return change

    return of


OTHERS_KEY = {
    "query": in_query,
    "another part": in_header("XCredential={}"),
    "first part": in_header("^X=Credential={}"),
    "part without a name": in_header("Credential={} x"),
    "signed headers": in_header("SignedHeader=Credential={}"),
}


@pytest.mark.parametrize("where", OTHERS_KEY)
def test_nobody_gets_a_session_or_a_password_of_another_by_naming_the_key(
    localstack: Any, make_user: Any, root: Any, of_session: Callable[..., Any], where: str
) -> None:
    """A key's id is no secret: it is in every log of requests."""
    mallory = make_user({"Action": ["ecr:GetAuthorizationToken", "sts:*"], "Resource": "*"})
    victim = make_user(EVERYTHING)
    change = OTHERS_KEY[where](victim.credentials["aws_access_key_id"])
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for action in ("GetSessionToken", "GetCallerIdentity"):
        text = send(
            localstack, mallory, "sts", change, data=f"Action={action}&Version=2011-06-15".encode(), headers=form
        )
        assert victim.arn not in text
        names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
        found = {name: match[1] for name in names if (match := re.search(f"<{name}>(.*?)</{name}>", text))}
        assert not found or of_session(found, "sts").get_caller_identity()["Arn"] == mallory.arn
    name = f"repository-{uuid.uuid4().hex[:8]}"
    root("ecr").create_repository(repositoryName=name)
    target = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target}
    text = send(localstack, mallory, "ecr", change, data=b"{}", headers=headers)
    answer = json.loads(text) if text.startswith("{") else {}  # a refusal in XML names no service
    for each in answer.get("authorizationData", []):
        asked = urllib.request.Request(
            f"{localstack.endpoint_url}/v2/{name}/tags/list",
            headers={"Authorization": f"Basic {each['authorizationToken']}"},
        )
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(asked, timeout=30)


def test_a_federated_user_is_within_the_boundary_of_the_user_who_made_it(
    localstack: Any, make_user: Any, of_session: Callable[..., Any]
) -> None:
    user, iam = make_user(EVERYTHING), localstack.client("iam")
    limit = iam.create_policy(
        PolicyName=f"limit-{uuid.uuid4().hex[:8]}",
        PolicyDocument=policy({"Action": ["sts:*", "kinesis:*"], "Resource": "*"}),
    )["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName=user.arn.rpartition("/")[2], PermissionsBoundary=limit)
    keys = user.client("sts").get_federation_token(Name="federated", Policy=policy(EVERYTHING))["Credentials"]
    assert outcome(of_session(keys, "kinesis").list_streams) == "served"
    assert outcome(of_session(keys, "s3").list_buckets) == "AccessDenied"


def test_the_session_policy_of_a_saml_session_counts(localstack: Any, of_session: Callable[..., Any]) -> None:
    iam, name = localstack.client("iam"), f"saml-{uuid.uuid4().hex[:8]}"
    provider = iam.create_saml_provider(Name=name, SAMLMetadataDocument=f"<x>{'y' * 1000}</x>")["SAMLProviderArn"]
    trust = policy({"Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithSAML"})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=policy(EVERYTHING))
    request = {"RoleArn": role, "PrincipalArn": provider, "SAMLAssertion": b64encode(b"<a></a>").decode()}
    sts = localstack.client("sts")
    keys = sts.assume_role_with_saml(**request)["Credentials"]
    assert outcome(of_session(keys, "s3").list_buckets) == "served"
    limited = policy({"Action": "kinesis:*", "Resource": "*"})
    for limit in ({"Policy": limited}, {"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/AmazonKinesisFullAccess"}]}):
        keys = sts.assume_role_with_saml(**request, **limit)["Credentials"]
        assert outcome(of_session(keys, "kinesis").list_streams) == "served"
        assert outcome(of_session(keys, "s3").list_buckets) == "AccessDenied"
