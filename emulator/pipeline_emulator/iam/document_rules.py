"""What a resource's policy must satisfy to be stored, beyond the grammar that an evaluation needs.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline_emulator.arn import find_arn
from pipeline_emulator.iam.conditions import is_operator
from pipeline_emulator.iam.documents import compiled_statements
from pipeline_emulator.iam.malformed import ForeignActionError, ForeignResourceError, MalformedPolicyError
from pipeline_emulator.iam.statements import Statement
from pipeline_emulator.iam.wildcards import matcher

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/security_iam_service-with-iam.html: those that apply to one type
# of resource only, as far as users meet them.
_ON_OBJECTS = frozenset(
    f"s3:{name}"
    for name in (
        *("abortmultipartupload", "deleteobject", "deleteobjecttagging", "deleteobjectversion", "getobject"),
        *("getobjectacl", "getobjectattributes", "getobjecttagging", "getobjectversion", "listmultipartuploadparts"),
        *("putobject", "putobjectacl", "putobjectretention", "putobjecttagging", "restoreobject"),
    )
)
_ON_BUCKETS = frozenset(
    f"s3:{name}"
    for name in (
        *("deletebucket", "deletebucketpolicy", "getbucketacl", "getbucketlocation", "getbucketpolicy"),
        *("getbuckettagging", "getbucketversioning", "listbucket", "listbucketmultipartuploads", "listbucketversions"),
        *("putbucketacl", "putbucketpolicy", "putbuckettagging", "putbucketversioning"),
    )
)
_BUCKET = "arn:aws:s3:::"


@dataclass(frozen=True, kw_only=True)
class Form:
    """What the policies of one kind of resource contain.

    Attributes:
        vendor: the service whose actions they name, such as `s3`.
        needs_resource: whether each statement names a resource.
        not_principal: whether NotPrincipal is allowed.
        actions: the only actions, in lower case without the service; empty for any action of the service.
        wildcards: whether an action may contain wildcards.
        exact: whether the only resource is the one that the policy is attached to.
        any_resource: whether the text of a resource can be anything.
        most_bytes: the largest size, white space not counted; 0 for no limit.
    """

    vendor: str
    needs_resource: bool = True
    not_principal: bool = True
    actions: frozenset[str] = frozenset()
    wildcards: bool = True
    exact: bool = False
    any_resource: bool = False
    most_bytes: int = 0


def require(text: str, form: Form, resource: str = "") -> frozenset[str]:
    """Check the policy of a resource, and return the ARNs of the users and roles that it names.

    Args:
        text: the document.
        form: what such a document contains.
        resource: the ARN of the bucket, stream or consumer that it is for.

    Raises:
        MalformedPolicyError: AWS would refuse it.
    """
    if form.most_bytes and len("".join(text.split()).encode()) > form.most_bytes:
        raise MalformedPolicyError(
            f"Normalized policy document exceeds the maximum allowed size of {form.most_bytes} bytes"
        )
    compiled = compiled_statements(text, of_resource=True)
    found = json.loads(text)["Statement"]
    statements: list[dict[str, Any]] = found if isinstance(found, list) else [found]
    names = [each["Sid"] for each in statements if each.get("Sid")]
    if len(set(names)) < len(names):
        raise MalformedPolicyError("The Statement Ids in the policy are not unique")
    for statement in statements:
        _require_elements(statement, form)
        _require_actions(statement, form)
        _require_resources(statement, form, resource)
    return frozenset[str]().union(*(each.principals.names for each in compiled if each.principals))


def allows(text: str, action: str, account: str) -> bool:
    """Return whether a resource's policy allows an action to somebody of an account, whatever the conditions are.

    Raises:
        MalformedPolicyError: it violates the grammar.
    """
    return any(
        statement.allows and _names(statement, action) and _includes(statement, account)
        for statement in compiled_statements(text, of_resource=True)
    )


def _names(statement: Statement, action: str) -> bool:
    named = action in statement.action_names or any(matches(action) for matches in statement.action_patterns)
    return named is not statement.not_action


def _includes(statement: Statement, account: str) -> bool:
    found = statement.principals
    if found is None or statement.not_principal or found.everybody or account in found.accounts:
        return True
    return any(arn.account == account for arn in map(find_arn, found.names) if arn)


def _require_elements(statement: Mapping[str, Any], form: Form) -> None:
    if form.needs_resource and not statement.keys() & {"Resource", "NotResource"}:
        raise MalformedPolicyError("Missing required field Resource")
    if not form.not_principal and "NotPrincipal" in statement:
        raise MalformedPolicyError("Has prohibited field NotPrincipal")
    for name in statement.get("Condition", {}):
        if not is_operator(name):
            raise MalformedPolicyError(f"Invalid Condition type : {name}")


def _require_actions(statement: Mapping[str, Any], form: Form) -> None:
    for action in _texts(statement, "Action"):
        vendor, _, name = action.partition(":")
        if action == "*" and form.wildcards:
            continue
        if vendor != form.vendor:
            raise ForeignActionError("Policy has invalid action")
        is_pattern = "*" in name or "?" in name
        if (is_pattern and not form.wildcards) or (not is_pattern and form.actions and name not in form.actions):
            raise ForeignActionError("Policy has invalid action")


def _require_resources(statement: Mapping[str, Any], form: Form, resource: str) -> None:
    found = _texts(statement, "Resource")
    if form.exact and any(each != resource.lower() for each in found):
        raise ForeignResourceError("The resource policy's resource must be the same as the resource ARN.")
    if not form.any_resource and not all("*" in each or each.startswith("arn:") for each in found):
        raise ForeignResourceError("Policy has invalid resource")
    if resource.startswith(_BUCKET):
        _require_of_bucket(found, resource.removeprefix(_BUCKET))
        _require_applicable(_texts(statement, "Action"), found)


def _require_of_bucket(resources: list[str], bucket: str) -> None:
    for text in resources:
        prefix, _, path = text.rpartition(":::")
        name = path.partition("/")[0]
        if text != "*" and not (prefix and matcher(((name, False),))(bucket)):
            raise ForeignResourceError("Policy has invalid resource")


def _require_applicable(actions: list[str], resources: list[str]) -> None:
    """Refuse an action on objects where no resource can be one, or an action on buckets where none can be a bucket.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
    """
    objects, buckets = any(map(_may_be_object, resources)), any(map(_may_be_bucket, resources))
    if resources and (
        (not objects and _ON_OBJECTS.intersection(actions)) or (not buckets and _ON_BUCKETS.intersection(actions))
    ):
        raise ForeignActionError("Action does not apply to any resource(s) in statement")


def _may_be_object(resource: str) -> bool:
    return "/" in resource or "*" in resource or "?" in resource


def _may_be_bucket(resource: str) -> bool:
    return "/" not in resource or "*" in resource.partition("/")[0]


def _texts(statement: Mapping[str, Any], element: str) -> list[str]:
    return list(_lower(statement.get(element, [])))


def _lower(value: Any) -> Iterator[str]:
    for text in value if isinstance(value, list) else [value]:
        yield str(text).lower()
