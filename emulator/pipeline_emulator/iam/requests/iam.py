"""IAM's own operations.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

import re
from collections.abc import Callable, Mapping

from pipeline_emulator.arn import find_arn
from pipeline_emulator.iam.requests.call import Call, Check, Checks
from pipeline_emulator.iam.requests.passed_roles import pass_role
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
) | {"ListMFADevices", "ListSSHPublicKeys", "ListServiceSpecificCredentials"}
_SCHEME = re.compile("^https?://")
_DELETION_TASK = re.compile(r"task/(aws-service-role/[^/]+/[^/]+)/[^/]+")
_ARNS = ("PolicyArn", "OpenIDConnectProviderArn", "SAMLProviderArn", "SerialNumber", "Arn")


def checks(call: Call) -> Checks:
    """Return the check on the user, role, group or policy."""
    values: dict[str, Value] = {}
    if service := call.text("AWSServiceName"):
        values["iam:awsservicename"] = service
    if policy := call.text("PolicyArn"):
        values["iam:policyarn"] = policy
    if boundary := _boundary(call):
        values["iam:permissionsboundary"] = boundary
    keys = frozenset({"iam:policyarn", "iam:permissionsboundary", "iam:awsservicename"})
    tags, tag_keys = call.tags("Tags"), call.tag_keys("TagKeys")
    resource = _resource(call)
    if resource is None or is_wildcard_only("iam", call):
        return wildcard_check("iam", call)
    found = [Check(f"iam:{call.operation}", resource, values, keys, tags, tag_keys)]
    if call.operation == "AddRoleToInstanceProfile" and (role := _entity(call, "role", call.text("RoleName"))):
        found.append(pass_role(role, "ec2.amazonaws.com"))
    if renamed := _renamed(call):
        found.append(Check(f"iam:{call.operation}", renamed, values, keys))
    return found


def _renamed(call: Call) -> str | None:
    """Return the ARN that a user or group gets by an update; None if it keeps its own.

    The caller needs the permission on both:
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateUser.html
    """
    kind = call.operation.removeprefix("Update")
    old = call.text(f"{kind}Name")
    name, path = call.text(f"New{kind}Name"), call.text("NewPath")
    if kind not in ("User", "Group") or not old or not (name or path):
        return None
    kind = kind.lower()
    path = path or call.lookups.path_of(kind, old) or "/"
    return f"arn:aws:iam::{call.account}:{kind}{path}{name or old}"


def _boundary(call: Call) -> str | None:
    """Return the permissions boundary that a request sets, or that its user or role has."""
    for parameter in ("RoleName", "UserName"):
        if name := call.text(parameter):
            return call.text("PermissionsBoundary") or call.lookups.boundary_of(_NAMES[parameter], name)
    return call.text("PermissionsBoundary")


def _resource(call: Call) -> str | None:
    if call.operation in ("AddUserToGroup", "RemoveUserFromGroup"):
        return _entity(call, "group", call.text("GroupName"))
    if call.operation == "CreateServiceLinkedRole":
        return f"arn:aws:iam::{call.account}:role/aws-service-role/{call.text('AWSServiceName')}/*"
    if call.operation in _OF_PARAMETER:
        return _OF_PARAMETER[call.operation](call)
    if call.parameters.get("AllUsers") and not call.text("UserName"):
        return f"arn:aws:iam::{call.account}:user/*"
    for parameter, kind in _NAMES.items():
        if (parameter != "PolicyName" or call.operation == "CreatePolicy") and (name := call.text(parameter)):
            return _entity(call, kind, name)
    # Without a name, these operations are about the caller.
    return call.text(*_ARNS) or (call.caller if call.operation in _OF_CALLER else None)


def _entity(call: Call, kind: str, name: str | None) -> str | None:
    path = call.text("Path") or (call.lookups.path_of(kind, name) if name else None) or "/"
    return f"arn:aws:iam::{call.account}:{kind}{path}{name}" if name else None


def _created(call: Call) -> str | None:
    """Return the ARN that a provider or an MFA device gets."""
    if url := call.text("Url"):
        return f"arn:aws:iam::{call.account}:oidc-provider/{_SCHEME.sub('', url).rstrip('/')}"
    if device := call.text("VirtualMFADeviceName"):
        return _entity(call, "mfa", device)
    return _entity(call, "saml-provider", call.text("Name"))


def _user_of_key(call: Call) -> str | None:
    """Return the user of an access key; all users if it has none, since IAM then responds alike to everybody."""
    return _entity(call, "user", call.lookups.user_of_key(call.text("AccessKeyId") or "") or "*")


def _simulated(call: Call) -> str | None:
    """Return the user, group or role whose policies are read; None if its ARN has another path or account than here.

    Core takes an ARN with `:role` in its path for a role's.
    """
    source = call.text("PolicySourceArn") or ""
    arn = find_arn(source)
    if arn is None or ":" in arn.resource:
        return None
    kind = arn.resource.partition("/")[0]
    return source if kind in ("user", "group", "role") and _entity(call, kind, arn.name) == source else None


def _deleted_role(call: Call) -> str | None:
    """Return the role of a deletion: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteServiceLinkedRole.html."""
    task = _DELETION_TASK.fullmatch(call.text("DeletionTaskId") or "")
    return f"arn:aws:iam::{call.account}:role/{task[1]}" if task else None


_OF_PARAMETER: Mapping[str, Callable[[Call], str | None]] = {
    **dict.fromkeys(("CreateOpenIDConnectProvider", "CreateSAMLProvider", "CreateVirtualMFADevice"), _created),
    "GetAccessKeyLastUsed": _user_of_key,
    "GetContextKeysForPrincipalPolicy": _simulated,
    "GetServiceLinkedRoleDeletionStatus": _deleted_role,
    "SimulatePrincipalPolicy": _simulated,
}
"""The operations whose resource is in another parameter than the names and ARNs above."""
