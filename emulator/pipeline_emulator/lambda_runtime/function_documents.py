"""What Lambda reports of functions and of their policies, where core reports something else.

The shapes are those of https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html and
https://docs.aws.amazon.com/lambda/latest/api/API_GetPolicy.html.
"""

import functools
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.api.lambda_ import LastUpdateStatus, ResourceNotFoundException
from localstack.services.lambda_ import api_utils
from localstack.services.lambda_.invocation.models import lambda_stores

from pipeline_emulator import patches

_REASONS = {"StateReason", "StateReasonCode"}
_NO_POLICY = "The resource you requested does not exist."


@functools.cache
def install() -> None:
    """Patch core, once per process."""
    _describe_functions()
    _give_policies_revisions()


def _describe_functions() -> None:
    @patches.BUILD_VPC_CONFIG.wrap
    def build_vpc_config(
        original: Callable[..., Any], self: Any, account_id: str, region_name: str, vpc_config: Any = None
    ) -> Any:
        """Keep what core drops."""
        built = original(self, account_id, region_name, vpc_config)
        if built is not None:
            built.ipv6_allowed = bool(vpc_config.get("Ipv6AllowedForDualStack"))
        return built

    @patches.DESCRIBE_FUNCTION.wrap
    def map_config_out(original: Callable[..., Any], version: Any, *args: Any, **rest: Any) -> Any:
        described = original(version, *args, **rest)
        if "VpcConfig" in described:
            allowed = getattr(version.config.vpc_config, "ipv6_allowed", False)
            described["VpcConfig"]["Ipv6AllowedForDualStack"] = allowed
        if described.get("RuntimeVersionConfig") and described.get("Runtime"):
            described["RuntimeVersionConfig"] = _runtime_version(described)
        if described.get("LastUpdateStatus") == LastUpdateStatus.Failed:
            for name in _REASONS & described.keys():  # core tells why only as the reason of the state
                described.setdefault(f"LastUpdateStatus{name.removeprefix('State')}", described[name])
        return described


def _runtime_version(described: Any) -> dict[str, str]:
    """Return a runtime version that is a function of the runtime: an update of the one changes the other."""
    prefix, separator, _ = described["RuntimeVersionConfig"]["RuntimeVersionArn"].partition("::runtime:")
    number = hashlib.sha256(described["Runtime"].encode()).hexdigest()
    return {"RuntimeVersionArn": f"{prefix}{separator}{number}"}


def _give_policies_revisions() -> None:
    """Give each policy a revision that only changes with it. Core returns that of the function."""

    @patches.REVISE_POLICY_BY_ADDING.wrap
    def add_permission(original: Callable[..., Any], self: Any, context: RequestContext, request: Any) -> Any:
        names = (request.get("FunctionName"), request.get("Qualifier"))
        if request.get("RevisionId") and request["RevisionId"] == _revision(context, *names):
            request = {**request, "RevisionId": None}  # core compares it with the function's
        with _revised(self, context, *names):
            return original(self, context, request)

    @patches.REVISE_POLICY_BY_REMOVING.wrap
    def remove_permission(
        original: Callable[..., Any], self: Any, context: RequestContext, function_name: str, statement_id: str,
        qualifier: str | None = None, revision_id: str | None = None, **rest: Any,
    ) -> Any:  # fmt: skip
        if revision_id and revision_id == _revision(context, function_name, qualifier):
            revision_id = None
        with _revised(self, context, function_name, qualifier):
            return original(self, context, function_name, statement_id, qualifier, revision_id, **rest)

    @patches.GET_POLICY.wrap
    def get_policy(
        original: Callable[..., Any], self: Any, context: RequestContext, function_name: str,
        qualifier: str | None = None, **rest: Any,
    ) -> Any:  # fmt: skip
        try:
            found = original(self, context, function_name, qualifier, **rest)
        except ResourceNotFoundException as error:
            raise ResourceNotFoundException(_NO_POLICY, Type="User") from error
        return {**found, "RevisionId": _revision(context, function_name, qualifier) or found["RevisionId"]}


def _policy(context: RequestContext, function_name: str, qualifier: str | None) -> tuple[Any, str, Any]:
    """Return a function, the name of its version or alias, and that one's policy; None for what does not exist."""
    account, region = api_utils.get_account_and_region(function_name, context)
    name, found = api_utils.get_name_and_qualifier(function_name, qualifier, context)
    function = lambda_stores[account][region].functions.get(name)
    chosen = found or "$LATEST"
    return function, chosen, function.permissions.get(chosen) if function else None


def _revision(context: RequestContext, function_name: str, qualifier: str | None) -> str | None:
    return getattr(_policy(context, function_name, qualifier)[2], "revision_id", None)


@contextmanager
def _revised(provider: Any, context: RequestContext, function_name: str, qualifier: str | None) -> Iterator[None]:
    yield
    function, chosen, policy = _policy(context, function_name, qualifier)
    if policy is not None:  # removing its last statement removes the policy
        policy.revision_id = provider._function_revision_id(function, chosen)
