"""IAM's own operations.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from pipeline_emulator.iam.requests.call import Call, Check, Checks
from pipeline_emulator.iam.requests.wildcard_only import is_wildcard_only, wildcard_check
from pipeline_emulator.iam.variables import Value

# The first of these that a request has is the resource: AttachRolePolicy is an action on the role.
_NAMES = {
    "InstanceProfileName": "instance-profile",
    "RoleName": "role",
    "UserName": "user",
    "GroupName": "group",
    "PolicyName": "policy",
    "SAMLProviderName": "saml-provider",
    "ServerCertificateName": "server-certificate",
}
_OF_CALLER = frozenset(
    f"{verb}{name}"
    for verb in ("Create", "Delete", "Get", "List", "Update", "Upload", "Change")
    for name in (
        "AccessKey",
        "AccessKeys",
        "LoginProfile",
        "Password",
        "SigningCertificate",
        "SigningCertificates",
        "User",
    )
)
_ARNS = ("PolicyArn", "OpenIDConnectProviderArn", "SAMLProviderArn", "SerialNumber", "Arn")


def checks(call: Call) -> Checks:
    """Return the check on the user, role, group or policy."""
    values: dict[str, Value] = {}
    if service := call.text("AWSServiceName"):
        values["iam:awsservicename"] = service
    if policy := call.text("PolicyArn"):
        values["iam:policyarn"] = policy
    if boundary := call.text("PermissionsBoundary"):
        values["iam:permissionsboundary"] = boundary
    keys = frozenset({"iam:policyarn", "iam:permissionsboundary", "iam:awsservicename"})
    tags, tag_keys = call.tags("Tags"), call.tag_keys("TagKeys")
    resource = _resource(call)
    if resource is None or is_wildcard_only("iam", call):
        return wildcard_check("iam", call)
    found = [Check(f"iam:{call.operation}", resource, values, keys, tags, tag_keys)]
    if call.operation == "AddRoleToInstanceProfile" and (role := _entity(call, "role", call.text("RoleName"))):
        found.append(pass_role(role, "ec2.amazonaws.com"))
    return found


def pass_role(role: str, service: str) -> Check:
    """Return the check for passing a role to a service.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html

    Args:
        role: its ARN.
        service: its principal, such as `lambda.amazonaws.com`.
    """
    return Check("iam:PassRole", role, {"iam:passedtoservice": service}, frozenset({"iam:passedtoservice"}))


def _resource(call: Call) -> str | None:
    if call.operation in ("AddUserToGroup", "RemoveUserFromGroup"):
        return _entity(call, "group", call.text("GroupName"))
    if call.operation == "CreateServiceLinkedRole":
        return f"arn:aws:iam::{call.account}:role/aws-service-role/{call.text('AWSServiceName')}/*"
    for parameter, kind in _NAMES.items():
        if (parameter != "PolicyName" or call.operation == "CreatePolicy") and (name := call.text(parameter)):
            return _entity(call, kind, name)
    # Without a name, these operations are about the caller.
    return call.text(*_ARNS) or (call.caller if call.operation in _OF_CALLER else None)


def _entity(call: Call, kind: str, name: str | None) -> str | None:
    path = call.text("Path") or (call.lookups.path_of(kind, name) if name else None) or "/"
    return f"arn:aws:iam::{call.account}:{kind}{path}{name}" if name else None
