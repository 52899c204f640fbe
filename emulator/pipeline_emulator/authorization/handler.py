"""Authorizes every HTTP request before any other handler or the service gets it."""

from functools import lru_cache
from typing import Any

from localstack.aws.api import RequestContext, ServiceException
from localstack.http import Response
from localstack.services.logs.models import get_moto_logs_backend

from pipeline_emulator.authorization import (
    authentication,
    errors,
    execution_role,
    forms,
    function_grants,
    function_origin,
    names,
    other_accounts,
    policies,
    public_access,
    resources,
    session_limits,
    web_identity,
)
from pipeline_emulator.authorization.authorizer import Authorizer, error_message, unresolved
from pipeline_emulator.authorization.callers import Caller
from pipeline_emulator.authorization.key_use import authorize as key_use
from pipeline_emulator.authorization.key_use import variables
from pipeline_emulator.authorization.keys import Keys
from pipeline_emulator.authorization.origin import RequestOrigin
from pipeline_emulator.iam.decision import Decision, Layer, Reason
from pipeline_emulator.iam.requests.call import Call, Check, Lookups
from pipeline_emulator.iam.requests.canonical import misplaced
from pipeline_emulator.iam.requests.services import SERVICES, checks
from pipeline_emulator.iam.ternary import Undetermined
from pipeline_emulator.kinesis.streams import tokens

_OBJECT_READS = frozenset({"GetObject", "HeadObject", "GetObjectAttributes"})
_OBJECT_COPIES = frozenset({"CopyObject", "UploadPartCopy"})


class Handler:
    """A handler in the gateway's chain."""

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer
        self._keeps_functions_from_root = function_origin.enabled()

    def __call__(self, _chain: Any, context: RequestContext, _response: Response) -> None:
        """Let an authorized request pass.

        Raises:
            CommonServiceException: the request is denied, or its key is invalid.
        """
        if context.service is None or context.operation is None:
            return
        service = context.service.service_name.removesuffix("-query")
        caller = authentication.caller_of(context, service)
        self._refuse_function(caller, context, service)
        session_limits.require(caller, service, context.operation.name, context.service_request or {})
        call, asker = _call(context, caller), caller or authentication.root_of(context)
        if caller is not None:
            self._authorize(caller, call, service, RequestOrigin.of(context))
        elif asker is not None:
            self._authorize_root(asker, call, service, RequestOrigin.of(context))
        if service == "s3" and (public := public_access.refusal(call, asker)):
            self._refuse(service, self._authorizer.record(public))
        if service == "lambda":
            variables.CALLER.set(caller)
        execution_role.authorize(context, caller, self._authorizer)
        if (service, call.operation) in key_use.OPERATIONS:
            key_use.authorize(call, service, asker, self._authorizer)

    def _authorize(self, caller: Caller, call: Call, service: str, origin: RequestOrigin) -> None:
        found = checks(service, call)
        if isinstance(found, Undetermined):
            self._refuse(service, self._authorizer.record(_undetermined(caller, service, call, found)))
            return
        for check in [*found, *_missing_object_checks(service, call)]:
            why = misplaced(check.resource, call.account, call.region) or names.chosen_identifier(check.tags)
            if why := why or _foreign(service, call, check):
                self._refuse(service, self._authorizer.record(unresolved(caller, check, why)))
            self._refuse(service, self._authorizer.refusal(caller, check, origin))

    def _authorize_root(self, root: Caller, call: Call, service: str, origin: RequestOrigin) -> None:
        """Authorize a root user, who may do everything with what the request does not say is another account's."""
        found = checks(service, call)
        if isinstance(found, Undetermined):
            if service in SERVICES and other_accounts.named(call):
                self._refuse(service, self._authorizer.record(_undetermined(root, service, call, found)))
            return
        for check in found:
            if why := _foreign(service, call, check):
                self._refuse(service, self._authorizer.record(unresolved(root, check, why)))
            self._refuse(service, self._authorizer.refusal(root, check, origin))

    def _refuse_function(self, caller: Caller | None, context: RequestContext, service: str) -> None:
        """Refuse a request that a function makes as the root user."""
        found = function_origin.refusal(caller, context, service) if self._keeps_functions_from_root else None
        if found:
            self._refuse(service, self._authorizer.record(found))

    def _refuse(self, service: str, decision: Decision | None) -> None:
        if decision:
            raise errors.access_denied(service, web_identity.refusal_of(decision) or error_message(decision))


def _call(context: RequestContext, caller: Caller | None) -> Call:
    assert context.operation is not None
    # The parser also includes parameters that the request does not have.
    parameters = {name: value for name, value in (context.service_request or {}).items() if value is not None}
    if context.operation.name == forms.OPERATION:
        parameters |= forms.parameters_of(context)
    if context.operation.name == "AssumeRole" and caller and (inherited := caller.principal.source_identity):
        parameters.setdefault("SourceIdentity", inherited)  # the new session gets it, which is an action of its own
    return Call(
        context.operation.name,
        parameters,
        context.account_id,
        context.region,
        _lookups(context.account_id, context.region),
        caller.principal.arn if caller and caller.principal.user_name else None,
    )


def _foreign(service: str, call: Call, check: Check) -> str | None:
    """Return why a request is refused that names another account's resource, where no policy of one is asked."""
    found = other_accounts.named(call, service) if check.resource == "*" else None
    return f"{found} is another account's, and {check.action} is about the caller's own account" if found else None


def _undetermined(caller: Caller, service: str, call: Call, found: Undetermined) -> Decision:
    return Decision(
        reason=Reason.IMPLICIT_DENY,
        principal=caller.principal.arn,
        action=f"{service}:{call.operation}",
        resource="*",
        layer=Layer.IDENTITY,
        notes=(found.why,),
    )


def _missing_object_checks(service: str, call: Call) -> list[Check]:
    """Return the additional check for a missing S3 object: without s3:ListBucket, S3 responds 403 instead of 404.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
    """
    read = _object_read_by(call) if service == "s3" else None
    bucket = resources.bucket(read[0]) if read else None
    if bucket is None or read is None:
        return []
    try:
        bucket.get_object(key=read[1], version_id=read[2])
    except ServiceException:
        return [Check("s3:ListBucket", bucket.bucket_arn)]
    return []


def _object_read_by(call: Call) -> tuple[str, str, str | None] | None:
    """Return bucket, key and version (or None) of the object that a request reads; None if it reads none."""
    if call.operation in _OBJECT_COPIES:
        return call.lookups.copy_source_of(call.text("CopySource") or "")
    name, key = call.text("Bucket"), call.text("Key")
    return (name, key, call.text("VersionId")) if name and key and call.operation in _OBJECT_READS else None


@lru_cache(maxsize=64)
def _lookups(account: str, region: str) -> Lookups:
    keys = Keys(account, region)
    return Lookups(
        stream_of=_stream_of,
        consumer_of=lambda stream, name: resources.kinesis().consumer_of(stream, name),
        function_of=lambda uuid: resources.mapping(account, region, uuid).get("FunctionArn"),
        permission_of=function_grants.permission_of,
        url_auth_of=function_grants.url_auth_of,
        groups_of_query=lambda query: _groups_of_query(account, region, query),
        user_of_key=lambda key: policies.store_of(account).ACCESS_KEY_INDEX.get(key),
        path_of=lambda kind, name: _path_of(account, kind, name),
        boundary_of=lambda kind, name: _boundary_of(account, kind, name),
        key_of=keys.of,
        key_of_ciphertext=keys.of_ciphertext,
        key_of_grant=keys.of_grant,
        queue_of=lambda url: names.queue_of(url, account, region),
        source_of_task=lambda handle: names.source_of_task(handle, account, region),
        sources_of=names.sources_of,
        copy_source_of=names.copy_source_of,
    )


def _stream_of(token: str) -> str | None:
    """Return the stream of a shard iterator or token, even of an expired one."""
    try:
        content = tokens.unseal(token)
    except ValueError:
        return None
    if content[0] == "consumers":
        return str(content[1])
    account, region, name, *_ = content
    return f"arn:aws:kinesis:{region}:{account}:stream/{name}"


def _groups_of_query(account: str, region: str, query: str) -> tuple[str, ...] | None:
    found: Any = get_moto_logs_backend(account, region).queries.get(query)
    return tuple(found.log_group_names) if found else None


def _path_of(account: str, kind: str, name: str) -> str | None:
    store = policies.store_of(account)
    if kind == "role" and (role := store.ROLES.get(name)):
        return role.role["Path"]
    if kind == "user" and (user := store.USERS.get(name)):
        return user.user["Path"]
    if kind == "group" and (group := store.GROUPS.get(name)):
        return group.group["Path"]
    if kind == "instance-profile" and (profile := store.INSTANCE_PROFILES.get(name)):
        return profile.instance_profile["Path"]
    return None


def _boundary_of(account: str, kind: str, name: str) -> str | None:
    store = policies.store_of(account)
    entity: Any = None
    if kind == "role" and (role := store.ROLES.get(name)):
        entity = role.role
    elif kind == "user" and (user := store.USERS.get(name)):
        entity = user.user
    boundary = policies.boundary(store, entity) if entity else None
    return boundary.name if boundary else None
