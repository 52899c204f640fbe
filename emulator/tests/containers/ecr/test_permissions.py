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
    """A statement."""
    return {"Effect": "Allow", "Action": [f"ecr:{action}" for action in actions], "Resource": resource}


class User:
    """A user of IAM with a password of ECR."""

    def __init__(self, stack: Any) -> None:
        self._stack, self.name = stack, f"user-{uuid.uuid4().hex[:8]}"
        self._iam = stack.localstack.client("iam")
        self.arn = self._iam.create_user(UserName=self.name)["User"]["Arn"]
        self.may()
        self.key = self._iam.create_access_key(UserName=self.name)["AccessKey"]
        self.password = password(stack, self.key["AccessKeyId"])

    def may(self, *statements: dict[str, Any]) -> None:
        """Replaces the policy; logging in is always allowed."""
        document = {"Version": "2012-10-17", "Statement": [LOGIN, *statements]}
        self._iam.put_user_policy(UserName=self.name, PolicyName="inline", PolicyDocument=json.dumps(document))

    def denials(self) -> set[tuple[str, str, bool]]:
        """What the interface lists of it: action, resource, and whether it was refused."""
        url = f"{self._stack.localstack.endpoint_url}/_pipeline/iam/denials"
        with urllib.request.urlopen(url, timeout=10) as answer:
            found = json.load(answer)["denials"]
        return {(each["action"], each["resource"], each["refused"]) for each in found if each["principal"] == self.arn}


def password(stack: Any, key: str, **more: str) -> str:
    """The password that a key gets."""
    ecr = boto3.client(
        "ecr",
        region_name=REGION,
        endpoint_url=stack.localstack.endpoint_url,
        aws_access_key_id=key,
        aws_secret_access_key="any",
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


def text_of(user: User, action: str, repository: str) -> str:
    """AWS's refusal."""
    return (
        f"denied: User: {user.arn} is not authorized to perform: ecr:{action} on resource: {arn_of(repository)} "
        f"because no identity-based policy allows the ecr:{action} action"
    )


@pytest.fixture
def image(docker: Any, stack: Any, create_repository: Callable[[], str]) -> tuple[str, str]:
    """A repository, and the name of a local image that is to be pushed there."""
    name = create_repository()
    uri = f"{stack.host}/{name}:v1"
    docker.image(uri)
    return name, uri


def test_push_and_pull_take_the_actions_that_aws_documents(docker: Any, user: User, image: tuple[str, str]) -> None:
    name, uri = image
    docker.login(user.password)
    user.may(allowing(PUSHING, arn_of(name)))
    docker("push", uri)
    docker.remove(uri)
    user.may(allowing(PULLING, arn_of(name)))
    docker("pull", uri)
    assert user.denials() == set()


@pytest.mark.parametrize("action", PUSHING)
def test_without_one_of_them_a_push_is_refused(docker: Any, user: User, image: tuple[str, str], action: str) -> None:
    name, uri = image
    docker.login(user.password)
    user.may(allowing(set(PUSHING) - {action}))
    refused = docker("push", uri, check=False)
    assert refused.returncode != 0
    if action != "BatchCheckLayerAvailability":  # asked with HEAD, whose answer has no text
        assert text_of(user, action, name) in refused.stderr
    assert user.denials() == {(f"ecr:{action}", arn_of(name), True)}


@pytest.mark.parametrize("action", PULLING)
def test_without_one_of_them_a_pull_is_refused(docker: Any, user: User, image: tuple[str, str], action: str) -> None:
    name, uri = image
    docker("push", uri)
    docker.remove(uri)
    docker.login(user.password)
    user.may(allowing(set(PULLING) - {action}))
    refused = docker("pull", uri, check=False)
    assert refused.returncode != 0
    assert f"User: {user.arn} is not authorized to perform: ecr:{action} on resource: {arn_of(name)}" in refused.stderr
    assert user.denials() == {(f"ecr:{action}", arn_of(name), True)}


def test_the_repositorys_policy_grants_and_denies(
    http_with: Any, stack: Any, user: User, create_repository: Any
) -> None:
    name, theirs = create_repository(), http_with(user.password)

    def put(effect: str) -> None:
        statement = {**allowing(["ListImages"]), "Effect": effect, "Principal": {"AWS": user.arn}}
        del statement["Resource"]
        document = json.dumps({"Version": "2012-10-17", "Statement": statement})
        stack.ecr().set_repository_policy(repositoryName=name, policyText=document)

    assert theirs("GET", f"{name}/tags/list").status == 403
    put("Allow")
    assert theirs("GET", f"{name}/tags/list").status == 200
    user.may(allowing(["ListImages"]))
    put("Deny")
    answer = theirs("GET", f"{name}/tags/list")
    assert answer.status == 403
    [error] = answer.json()["errors"]
    assert (error["code"], error["message"].endswith("explicit deny in a resource-based policy")) == ("DENIED", True)


def test_who_may_not_is_not_told_whether_a_repository_exists(http_with: Any, user: User) -> None:
    theirs = http_with(user.password)
    assert theirs("GET", "nobody/made-this/tags/list").json()["errors"][0]["code"] == "DENIED"
    user.may(allowing(["ListImages"]))
    assert theirs("GET", "nobody/made-this/tags/list").json()["errors"][0]["code"] == "NAME_UNKNOWN"


@pytest.mark.parametrize(("actions", "status"), [(PUSHING, 202), ((*PUSHING, "GetDownloadUrlForLayer"), 201)])
def test_a_layer_is_taken_over_from_where_it_may_be_read(
    http: Any, http_with: Any, user: User, create_repository: Any, actions: Any, status: int
) -> None:
    source, target = create_repository(), create_repository()
    digest = http.push_blob(source, b"content")["digest"]
    user.may(allowing(actions))
    mounted = http_with(user.password)("POST", f"{target}/blobs/uploads/?mount={digest}&from={source}")
    assert mounted.status == status  # 201: it is there; 202: an upload begins
    assert user.denials() == set()


def test_content_in_the_last_step_of_an_upload_is_a_part_too(
    http_with: Any, user: User, create_repository: Any
) -> None:
    name, theirs = create_repository(), http_with(user.password)
    user.may(allowing({*PUSHING} - {"UploadLayerPart"}))
    location = theirs("POST", f"{name}/blobs/uploads/").headers["Location"]
    answer = theirs("PUT", f"{location.removeprefix('/v2/')}&digest=sha256:{'0' * 64}", b"content")
    assert (answer.status, "ecr:UploadLayerPart" in answer.json()["errors"][0]["message"]) == (403, True)


def test_a_session_keeps_its_policy_and_a_password_is_the_users_own(
    http_with: Any, stack: Any, user: User, create_repository: Any
) -> None:
    name = create_repository()
    user.may(allowing(["ListImages"]))
    sts = boto3.client(
        "sts",
        region_name=REGION,
        endpoint_url=stack.localstack.endpoint_url,
        aws_access_key_id=user.key["AccessKeyId"],
        aws_secret_access_key="any",
    )
    keys = sts.get_session_token()["Credentials"]
    of_session = password(stack, keys["AccessKeyId"], aws_session_token=keys["SessionToken"])
    assert len({of_session, user.password, stack.password()}) == 3
    assert http_with(of_session)("GET", f"{name}/tags/list").status == 200
    user.may()
    for each in (of_session, user.password):
        assert http_with(each)("GET", f"{name}/tags/list").status == 403


def test_a_password_is_no_more_when_its_key_is_not(
    http_with: Any, stack: Any, user: User, create_repository: Any
) -> None:
    name = create_repository()
    user.may(allowing(["ListImages"]))
    assert http_with(user.password)("GET", f"{name}/tags/list").status == 200
    stack.localstack.client("iam").delete_access_key(UserName=user.name, AccessKeyId=user.key["AccessKeyId"])
    assert http_with(user.password)("GET", f"{name}/tags/list").status == 401


@pytest.mark.parametrize(("mode", "told"), [("soft", {"ecr:ListImages"}), ("off", set())])
def test_the_mode_counts_here_too(start_localstack: Any, http_with: Any, stack: Any, mode: str, told: set[str]) -> None:
    registry = f"http://127.0.0.1:{stack.registry_port}"
    other = type(stack)(start_localstack(PIPELINE_ECR_REGISTRY_URL=registry, IAM_ENFORCEMENT=mode), stack.registry_port)
    other.ecr().create_repository(repositoryName="some/name")
    user = User(other)
    theirs = type(http_with(""))(other, user.password)
    assert theirs("GET", "some/name/tags/list").status == 200
    assert {(action, refused) for action, _, refused in user.denials()} == {(action, False) for action in told}
