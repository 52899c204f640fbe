"""The mapping of requests to actions and resources, checked against AWS's service authorization reference."""

import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st
from localstack.aws.spec import load_service

from pipeline_emulator.authorization import names
from pipeline_emulator.iam.evaluation import evaluate
from pipeline_emulator.iam.request import Policies, Request
from pipeline_emulator.iam.requests import canonical
from pipeline_emulator.iam.requests.call import Call, Lookups
from pipeline_emulator.iam.requests.kms_keys import Key
from pipeline_emulator.iam.requests.public import PUBLIC
from pipeline_emulator.iam.requests.services import SERVICES, checks
from pipeline_emulator.iam.ternary import Undetermined
from pipeline_emulator.iam.variables import Value
from pipeline_emulator.services import _PRELOADED

pytestmark = pytest.mark.local_only

ACCOUNT, REGION = "000000000000", "ap-south-1"
CASES = [
    case
    for name in ("requests", "kms")
    for case in json.loads((Path(__file__).parent / "cases" / f"{name}.json").read_text())
]
KEY = Key(arn=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k", aliases=("alias/k",))
LOOKUPS = Lookups(
    stream_of={"known": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"}.get,
    consumer_of=lambda stream, name: f"{stream}/consumer/c:1" if name == "c" else None,
    groups_of_query={"known": ("g",)}.get,
    user_of_key={"known": "u"}.get,
    path_of=lambda kind, name: {("role", "r"): "/service/", ("user", "odd"): "/:role/"}.get((kind, name)),
    key_of=dict.fromkeys(("k", KEY.arn, "alias/k", f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/k"), KEY).get,
    key_of_grant={"token": KEY}.get,
    queue_of=lambda url: names.queue_of(url, ACCOUNT, REGION),
    source_of_task={"known": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dlq"}.get,
    sources_of=lambda arn: (arn.replace("dlq", "one"), arn.replace("dlq", "two")) if arn.endswith("dlq") else (),
    copy_source_of=names.copy_source_of,
)


def call(operation: str, parameters: Any) -> Call:
    return Call(operation, parameters, ACCOUNT, REGION, LOOKUPS, caller=f"arn:aws:iam::{ACCOUNT}:user/me")


@pytest.mark.parametrize("case", CASES, ids=[f"{place}-{case['operation']}" for place, case in enumerate(CASES)])
def test_actions_and_resources(case: dict[str, Any]) -> None:
    found = checks(case["service"], call(case["operation"], case["parameters"]))
    if case.get("undetermined"):
        assert isinstance(found, Undetermined)
        return
    assert not isinstance(found, Undetermined), found.why
    wanted = [(action, resource, *(more or [{}])) for action, resource, *more in case["checks"]]
    assert [(check.action, check.resource) for check in found] == [each[:2] for each in wanted]
    for check, (_action, _resource, more) in zip(found, wanted, strict=True):
        assert {key: _listed(value) for key, value in check.values.items()} == more.get("values", {})
        assert check.tags == more.get("tags", {})
        assert list(check.tag_keys or []) == more.get("tag_keys", [])
        assert canonical.problem(check.resource) is None
        families = ("kms:encryptioncontext:", "s3:requestobjecttag/")
        assert check.keys >= {key for key in check.values if not key.startswith(families)}


def _listed(value: Value) -> str | list[str]:
    return value if isinstance(value, str) else list(value)


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_of_a_service_has_checks_or_is_undetermined(service: str) -> None:
    """No parameters raise an error: the request is parsed, but clients choose the content of its texts."""
    draw = random.Random(service)
    odd: list[Any] = [
        None,
        "",
        "a",
        "arn:",
        ":",
        "/",
        0,
        True,
        [],
        ["a", 1, None],
        {},
        {"Objects": [{}]},
        {"a": None},
        b"\xff",
    ]
    model = load_service(service)
    for operation in model.operation_names:
        shape = model.operation_model(operation).input_shape
        for _ in range(20):
            parameters = {name: draw.choice(odd) for name in (shape.members if shape else {}) if draw.random() < 0.7}
            found = checks(service, call(operation, parameters))
            if not isinstance(found, Undetermined):
                assert all(check.action.partition(":")[2] and check.resource for check in found)


def test_the_functions_log_policy_covers_only_its_group(
    policies: Callable[..., Policies], request_of: Callable[..., Request]
) -> None:
    """The pattern of infrastructure/modules/lambda/iam.tf: the ARN of the group, then `:*`."""
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/f"
    allow = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": f"{group}:*"}
    outcomes = []
    for name in ("/aws/lambda/f", "/aws/lambda/f2"):
        found = checks("logs", call("PutLogEvents", {"logGroupName": name, "logStreamName": "2026/11/24/[1]a"}))
        assert not isinstance(found, Undetermined)
        outcomes += [
            evaluate(request_of("user", each.action, each.resource), policies(identity=[[allow]])).allowed
            for each in found
        ]
    assert outcomes == [True, False]


@pytest.mark.parametrize("service", sorted({*SERVICES, *_PRELOADED}))
def test_every_operation_asks_or_is_public_for_a_reason(service: str) -> None:
    """LocalStack's models have operations that botocore's lack, such as PostObject."""
    model = load_service(service)
    free = set()
    for name in model.operation_names:
        found = checks(service, call(name, _filled(model.operation_model(name).input_shape)))
        if not isinstance(found, Undetermined) and not found:
            free.add(name)
    assert free == set(PUBLIC.get(service, {}))


def _filled(shape: Any, depth: int = 0) -> Any:
    """Return parameters of an operation with every member."""
    if shape is None or depth > 4:
        return {}
    if shape.type_name == "structure":
        return {name: _filled(member, depth + 1) for name, member in shape.members.items()}
    if shape.type_name == "list":
        return [_filled(shape.member, depth + 1)]
    if shape.type_name == "map":
        return {"a": _filled(shape.value, depth + 1)}
    return {"string": "a", "boolean": True, "blob": b"a"}.get(shape.type_name, 1)


def test_every_public_operation_exists_and_has_a_reason() -> None:
    for service, reasons in PUBLIC.items():
        assert set(reasons) <= set(load_service(service).operation_names)
        assert all(reasons.values())


PASSED_TO_NOBODY = {
    ("firehose", "SnowflakeRole"),
    ("iam", "RoleName"),
    ("iam", "AssumeRolePolicyDocument"),
    ("sts", "RoleArn"),
    ("sts", "RoleSessionName"),
}
"""Members with a role that no service gets, by service: IAM's operations are on the role, STS's are its own session,
and Firehose's is a role of another product."""


@pytest.mark.parametrize("service", SERVICES)
def test_every_role_that_a_request_gives_to_a_service_must_be_passed(service: str) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/passed"
    model = load_service(service) if service != "xray" else botocore.session.get_session().get_service_model(service)
    for name in model.operation_names:
        for path, parameters in _with_role(model.operation_model(name).input_shape, role):
            if (service, path[-1]) in PASSED_TO_NOBODY:
                continue
            found = checks(service, call(name, {**_names_of(model.operation_model(name).input_shape), **parameters}))
            if not isinstance(found, Undetermined):
                assert ("iam:PassRole", role) in [(each.action, each.resource) for each in found], (name, path)


def _with_role(shape: Any, role: str, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every member of a request that names a role: its path, and the parameters with nothing else."""
    if shape is None or len(path) > 6:
        return
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            if "role" in name.lower() and member.type_name == "string":
                yield (*path, name), {name: role}
            for found, value in _with_role(member, role, (*path, name)):
                yield found, {name: value}
    elif shape.type_name == "list":
        for found, value in _with_role(shape.member, role, path):
            yield found, [value]


def _names_of(shape: Any) -> dict[str, str]:
    """Return the members of a request that are texts, without roles."""
    return {
        name: "a"
        for name, member in shape.members.items()
        if member.type_name == "string" and "role" not in name.lower()
    }


INSERTED = ["/", "//", ":", "?", "#", ";", "+", "%2F", "*", " ", "\n", "\\", "..", "/../", "\u017f", ":*", "\x00"]
X_RAY = [("GroupARN", f"arn:aws:xray:{REGION}:{ACCOUNT}:group/{{}}/ABC")]
X_RAY += [("RuleARN", f"arn:aws:xray:{REGION}:{ACCOUNT}:sampling-rule/{{}}"), ("ResourceARN", X_RAY[0][1])]


@pytest.mark.property
@given(
    place=st.sampled_from(X_RAY),
    inserted=st.lists(st.tuples(st.floats(0, 1), st.sampled_from([*INSERTED, "secret", "app"])), max_size=3),
    swapped=st.booleans(),
)
def test_a_resource_of_x_ray_is_judged_by_its_own_name(
    place: tuple[str, str], inserted: list[tuple[float, str]], swapped: bool
) -> None:
    """Core serves no X-Ray, so nothing is touched. What is judged is the text that was sent, or it is refused."""
    member, spelling = place
    text = spelling.format("app")
    for at, more in inserted:
        text = text[: round(at * len(text))] + more + text[round(at * len(text)) :]
    text = text.swapcase() if swapped else text
    model = botocore.session.get_session().get_service_model("xray")
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        if shape is None or member not in shape.members:
            continue
        found = checks("xray", call(name, {member: text}))
        if isinstance(found, Undetermined):
            continue
        for each in found:
            refused = canonical.problem(each.resource) or canonical.misplaced(each.resource, ACCOUNT, REGION)
            assert each.resource == text
            assert refused or text.startswith(f"arn:aws:xray:{REGION}:{ACCOUNT}:")


def test_the_retention_of_an_object_has_a_date_and_the_days_until_then() -> None:
    until = datetime.now(UTC) + timedelta(days=10)
    of_new = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until}
    of_old = {"Retention": {"Mode": "GOVERNANCE", "RetainUntilDate": until}}
    for operation, parameters in (("PutObject", of_new), ("PutObjectRetention", of_old)):
        found = checks("s3", call(operation, {"Bucket": "b", "Key": "k", **parameters}))
        assert not isinstance(found, Undetermined)
        assert found[0].values == {
            "s3:object-lock-mode": "GOVERNANCE",
            "s3:object-lock-retain-until-date": until.isoformat(),
            "s3:object-lock-remaining-retention-days": "10",
        }


@pytest.mark.parametrize(("operation", "tagging"), [("PostObject", "<Tagging/>"), ("PutObject", "Team=a&team=b")])
def test_object_tags_that_the_emulator_cannot_read_are_unknown(operation: str, tagging: str) -> None:
    found = checks("s3", call(operation, {"Bucket": "b", "Key": "k", "Tagging": tagging}))
    assert not isinstance(found, Undetermined)
    assert {"s3:requestobjecttag", "s3:requestobjecttagkeys"}.isdisjoint({*found[0].keys, *found[0].values})


def test_operations_of_x_ray_by_name_are_refused() -> None:
    """A group's ARN ends with an identifier that its name does not tell."""
    for name in ("DeleteGroup", "GetGroup", "UpdateGroup"):
        assert isinstance(checks("xray", call(name, {"GroupName": "app"})), Undetermined)


def test_every_operation_with_a_qualifier_is_for_the_version_or_alias() -> None:
    model = load_service("lambda")
    found = [
        name
        for name in model.operation_names
        if (shape := model.operation_model(name).input_shape) and {"FunctionName", "Qualifier"} <= shape.members.keys()
    ]
    assert "AddPermission" in found
    for name in found:
        judged = checks("lambda", call(name, {"FunctionName": "f", "Qualifier": "live"}))
        assert not isinstance(judged, Undetermined), name
        assert judged[0].resource.endswith(":function:f:live"), name
