"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html.

GetCallerIdentity and GetSessionToken need no permission:
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html,
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
"""

from pipeline_emulator.iam.requests.call import Call, Check, Checks
from pipeline_emulator.iam.requests.public import PUBLIC
from pipeline_emulator.iam.requests.web_identity import context_keys
from pipeline_emulator.iam.requests.wildcard_only import wildcard_check
from pipeline_emulator.iam.variables import Value

_KEYS = {
    "sts:externalid": "ExternalId",
    "sts:rolesessionname": "RoleSessionName",
    "sts:sourceidentity": "SourceIdentity",
}


def checks(call: Call) -> Checks:
    """Return the checks on the role to be assumed; session tags and a source identity are separate actions."""
    if call.operation in PUBLIC["sts"]:
        return []
    action = f"sts:{call.operation}"
    tags = call.tags("Tags")
    if call.operation == "GetFederationToken":
        name = call.text("Name") or ""
        return [Check(action, f"arn:aws:sts::{call.account}:federated-user/{name}", tags=tags)]
    if not call.operation.startswith("AssumeRole") or not (role := call.text("RoleArn")):
        return wildcard_check("sts", call)
    values: dict[str, Value] = {key: value for key, name in _KEYS.items() if (value := call.text(name))}
    if transitive := call.texts("TransitiveTagKeys"):
        values["sts:transitivetagkeys"] = tuple(transitive)
    of_token, token_keys = context_keys(call.text("WebIdentityToken") or "")
    values |= of_token
    keys = frozenset({*_KEYS, "sts:transitivetagkeys", *token_keys})
    actions = [
        action,
        *(["sts:TagSession"] if tags else []),
        *(["sts:SetSourceIdentity"] if call.text("SourceIdentity") else []),
    ]
    return [Check(each, role, values, keys, tags) for each in actions]
