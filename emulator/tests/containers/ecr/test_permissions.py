"""An ECR password grants the permissions of whoever requested it; the root user's grants everything."""

import base64
import json
import urllib.request
import uuid
from collections.abc import Callable
from typing import Any

import boto3
import pytest

REGION, ACCOUNT = "ap-south-1", "000000000000"
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html
PUSHING = (
    *("BatchCheckLayerAvailability", "InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload", "PutImage"),
)
PULLING = ("BatchGetImage", "GetDownloadUrlForLayer")
LOGIN = {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}


def allowing(actions: Any, resource: str = "*") -> dict[str, Any]:
    """Return a statement that allows actions of ECR."""
    return {"Effect": "Allow", "Action": [f"ecr:{action}" for action in actions], "Resource": resource}


class User:
    """An IAM user with an ECR password."""

    def __init__(self, stack: Any) -> None:
        self._stack, self.name = stack, f"user-{uuid.uuid4().hex[:8]}"
        self._iam = stack.localstack.client("iam")
        self.arn = self._iam.create_user(UserName=self.name)["User"]["Arn"]
        self.set_policy()
        self.key = self._iam.create_access_key(UserName=self.name)["AccessKey"]
        self.password = password(stack, self.key)

    def set_policy(self, *statements: dict[str, Any]) -> None:
        """Replace the policy; logging in is always allowed."""
        document = {"Version": "2012-10-17", "Statement": [LOGIN, *statements]}
        self._iam.put_user_policy(UserName=self.name, PolicyName="inline", PolicyDocument=json.dumps(document))

    def denials(self) -> set[tuple[str, str, bool]]:
        """Return its recorded denials: action, resource, and whether the request was refused."""
        url = f"{self._stack.localstack.endpoint_url}/_pipeline/iam/denials"
        with urllib.request.urlopen(url, timeout=10) as answer:
            found = json.load(answer)["denials"]
        return {(each["action"], each["resource"], each["refused"]) for each in found if each["principal"] == self.arn}


def password(stack: Any, key: dict[str, Any], **more: str) -> str:
    """Return the password that an access key gets, given as IAM or STS returns it."""
    ecr = boto3.client(
        "ecr",
        region_name=REGION,
        endpoint_url=stack.localstack.endpoint_url,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        **more,
    )
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    return base64.b64decode(token).decode().removeprefix("AWS:")


@pytest.fixture
def user(stack: Any) -> User:
    """A user who may log in and nothing else."""
    return User(stack)


def arn_of(repository: str) -> str:
    return f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{repository}"


def refusal_message(user: User, action: str, repository: str) -> str:
    """Return AWS's error message for a refused action."""
    return (
        f"denied: User: {user.arn} is not authorized to perform: ecr:{action} on resource: {arn_of(repository)} "
        f"because no identity-based policy allows the ecr:{action} action"
    )


@pytest.fixture
def image(docker: Any, stack: Any, create_repository: Callable[[], str]) -> tuple[str, str]:
    """Return the name of a repository and the URI of a local image to push there."""
    name = create_repository()
    uri = f"{stack.host}/{name}:v1"
    docker.image(uri)
    return name, uri


def test_push_and_pull_need_only_the_actions_that_aws_documents(
    docker: Any, user: User, image: tuple[str, str]
) -> None:
    name, uri = image
    docker.login(user.password)
    user.set_policy(allowing(PUSHING, arn_of(name)))
    docker("push", uri)
    docker.remove(uri)
    user.set_policy(allowing(PULLING, arn_of(name)))
    docker("pull", uri)
    assert user.denials() == set()


@pytest.mark.parametrize("action", PUSHING)
def test_a_push_is_refused_without_one_of_its_actions(
    docker: Any, user: User, image: tuple[str, str], action: str
) -> None:
    name, uri = image
    docker.login(user.password)
    user.set_policy(allowing(set(PUSHING) - {action}))
    refused = docker("push", uri, check=False)
    assert refused.returncode != 0
    if action != "BatchCheckLayerAvailability":  # a HEAD request, whose response has no body
        assert refusal_message(user, action, name) in refused.stderr
    assert user.denials() == {(f"ecr:{action}", arn_of(name), True)}


@pytest.mark.parametrize("action", PULLING)
def test_a_pull_is_refused_without_one_of_its_actions(
    docker: Any, user: User, image: tuple[str, str], action: str
) -> None:
    name, uri = image
    docker("push", uri)
    docker.remove(uri)
    docker.login(user.password)
    user.set_policy(allowing(set(PULLING) - {action}))
    refused = docker("pull", uri, check=False)
    assert refused.returncode != 0
    assert f"User: {user.arn} is not authorized to perform: ecr:{action} on resource: {arn_of(name)}" in refused.stderr
    assert user.denials() == {(f"ecr:{action}", arn_of(name), True)}


def test_a_repository_policy_grants_and_denies(http_with: Any, stack: Any, user: User, create_repository: Any) -> None:
    name, theirs = create_repository(), http_with(user.password)

    def put(effect: str) -> None:
        statement = {**allowing(["ListImages"]), "Effect": effect, "Principal": {"AWS": user.arn}}
        del statement["Resource"]
        document = json.dumps({"Version": "2012-10-17", "Statement": statement})
        stack.ecr().set_repository_policy(repositoryName=name, policyText=document)

    assert theirs("GET", f"{name}/tags/list").status == 403
    put("Allow")
    assert theirs("GET", f"{name}/tags/list").status == 200
    user.set_policy(allowing(["ListImages"]))
    put("Deny")
    answer = theirs("GET", f"{name}/tags/list")
    assert answer.status == 403
    [error] = answer.json()["errors"]
    assert (error["code"], error["message"].endswith("explicit deny in a resource-based policy")) == ("DENIED", True)


def test_a_denied_user_cannot_learn_whether_a_repository_exists(http_with: Any, user: User) -> None:
    theirs = http_with(user.password)
    assert theirs("GET", "nobody/made-this/tags/list").json()["errors"][0]["code"] == "DENIED"
    user.set_policy(allowing(["ListImages"]))
    assert theirs("GET", "nobody/made-this/tags/list").json()["errors"][0]["code"] == "NAME_UNKNOWN"


@pytest.mark.parametrize(("actions", "status"), [(PUSHING, 202), ((*PUSHING, "GetDownloadUrlForLayer"), 201)])
def test_a_layer_is_mounted_only_from_a_readable_repository(
    http: Any, http_with: Any, user: User, create_repository: Any, actions: Any, status: int
) -> None:
    source, target = create_repository(), create_repository()
    digest = http.push_blob(source, b"content")["digest"]
    user.set_policy(allowing(actions))
    mounted = http_with(user.password)("POST", f"{target}/blobs/uploads/?mount={digest}&from={source}")
    assert mounted.status == status  # 201: mounted; 202: an upload starts
    assert user.denials() == set()


def test_content_in_the_last_request_of_an_upload_needs_upload_layer_part(
    http_with: Any, user: User, create_repository: Any
) -> None:
    name, theirs = create_repository(), http_with(user.password)
    user.set_policy(allowing({*PUSHING} - {"UploadLayerPart"}))
    location = theirs("POST", f"{name}/blobs/uploads/").headers["Location"]
    answer = theirs("PUT", f"{location.removeprefix('/v2/')}&digest=sha256:{'0' * 64}", b"content")
    assert (answer.status, "ecr:UploadLayerPart" in answer.json()["errors"][0]["message"]) == (403, True)


def test_a_session_has_its_users_policy_and_its_own_password(
    http_with: Any, stack: Any, user: User, create_repository: Any
) -> None:
    name = create_repository()
    user.set_policy(allowing(["ListImages"]))
    sts = boto3.client(
        "sts",
        region_name=REGION,
        endpoint_url=stack.localstack.endpoint_url,
        aws_access_key_id=user.key["AccessKeyId"],
        aws_secret_access_key=user.key["SecretAccessKey"],
    )
    keys = sts.get_session_token()["Credentials"]
    of_session = password(stack, keys, aws_session_token=keys["SessionToken"])
    assert len({of_session, user.password, stack.password()}) == 3
    assert http_with(of_session)("GET", f"{name}/tags/list").status == 200
    user.set_policy()
    for each in (of_session, user.password):
        assert http_with(each)("GET", f"{name}/tags/list").status == 403


def test_a_password_ends_with_its_access_key(http_with: Any, stack: Any, user: User, create_repository: Any) -> None:
    name = create_repository()
    user.set_policy(allowing(["ListImages"]))
    assert http_with(user.password)("GET", f"{name}/tags/list").status == 200
    stack.localstack.client("iam").delete_access_key(UserName=user.name, AccessKeyId=user.key["AccessKeyId"])
    assert http_with(user.password)("GET", f"{name}/tags/list").status == 401


@pytest.mark.long_proof
@pytest.mark.parametrize(("mode", "listed"), [("soft", {"ecr:ListImages"}), ("off", set())])
def test_the_enforcement_mode_applies_to_the_registry(
    start_localstack: Any, http_with: Any, stack: Any, mode: str, listed: set[str]
) -> None:
    registry = f"http://127.0.0.1:{stack.registry_port}"
    other = type(stack)(start_localstack(PIPELINE_ECR_REGISTRY_URL=registry, IAM_ENFORCEMENT=mode), stack.registry_port)
    other.ecr().create_repository(repositoryName="some/name")
    user = User(other)
    theirs = type(http_with(""))(other, user.password)
    assert theirs("GET", "some/name/tags/list").status == 200
    assert {(action, refused) for action, _, refused in user.denials()} == {(action, False) for action in listed}
