"""Aliases: operations in which core ignores them, and the environments of a version that an alias has left.

On AWS, nobody sees how long an idle environment stays. Here each one takes the developer's memory for ten minutes
(LAMBDA_KEEPALIVE_MS), and every deployment leaves a version behind.
"""

import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

from localstack import config
from localstack.aws.api.lambda_ import ResourceNotFoundException
from localstack.services.lambda_ import api_utils
from localstack.services.lambda_.invocation.execution_environment import InvalidStatusException
from localstack.services.lambda_.invocation.models import lambda_stores

from pipeline_emulator import patches

KEEPALIVE_SECONDS = 5.0
_target: ContextVar[Any] = ContextVar("target")  # the version that an alias will have
_left: set[str] = set()  # ids of the managers of versions that an alias has left


def install() -> None:
    """Patch updates of aliases, GetFunctionConfiguration, and the keep-alive of environments."""

    @patches.MOVE_ALIAS.wrap
    def update_alias(original: Callable[..., None], self: Any, old_alias: Any, new_alias: Any, function: Any) -> None:
        for version in _versions(new_alias) - set(function.versions):
            function.aliases[new_alias.name] = old_alias  # core has already moved it
            arn = f"{function.latest().id.unqualified_arn()}:{version}"
            raise ResourceNotFoundException(f"Function not found: {arn}", Type="User")
        original(self, old_alias, new_alias, function)
        wanted = {version for alias in list(function.aliases.values()) for version in _versions(alias)}
        _left.difference_update(manager.id for manager in _managers(self, function, wanted))
        for manager in _managers(self, function, _versions(old_alias) - wanted):
            _left.add(manager.id)
            _restart_keepalive_timers(self, manager)

    @patches.CHANGE_WEIGHTS.wrap
    def change_alias(
        original: Callable[..., Any], self: Any, context: Any, function_name: str, name: str,
        function_version: str | None = None, *args: Any, **more: Any,
    ) -> Any:  # fmt: skip
        function = _function(function_name, context)
        alias = function and function.aliases.get(name)
        wanted = function_version or (alias and alias.function_version)
        token = _target.set(function and function.versions.get(wanted))
        try:
            return original(self, context, function_name, name, function_version, *args, **more)
        finally:
            _target.reset(token)

    @patches.CHECK_WEIGHTS.wrap
    def create_routing_config_model(
        original: Callable[..., Any], self: Any, weights: dict[str, float], version: Any = None
    ) -> Any:
        return original(self, weights, version or _target.get())

    @patches.DELETE_ALIAS.wrap
    def delete_alias(
        original: Callable[..., None], self: Any, context: Any, function_name: str, name: str, **more: Any
    ) -> None:
        original(self, context, function_name, name, **more)
        _function(function_name, context).event_invoke_configs.pop(name, None)

    @patches.CONFIGURATION_OF_ALIAS.wrap
    def get_function_configuration(
        original: Callable[..., Any], self: Any, context: Any, function_name: str, qualifier: Any = None, **more: Any
    ) -> Any:
        """Accept an alias, as AWS does. Core accepts only versions."""
        _, requested = api_utils.get_name_and_qualifier(function_name, qualifier, context)
        if requested and api_utils.qualifier_is_alias(requested):
            return self.get_function(context, function_name, qualifier)["Configuration"]
        return original(self, context, function_name, qualifier, **more)

    @patches.END_IDLE_ENVIRONMENTS.wrap
    def release(original: Callable[..., None], self: Any) -> None:
        original(self)
        seconds = min(KEEPALIVE_SECONDS, config.LAMBDA_KEEPALIVE_MS / 1000)
        if self.version_manager_id in _left:
            self.keepalive_timer.cancel()
            self.keepalive_timer = threading.Timer(seconds, self.keepalive_passed)
            self.keepalive_timer.start()


def _function(name: str, context: Any) -> Any:
    """Return core's function of a name or ARN in a request; None if there is none."""
    account, region = api_utils.get_account_and_region(name, context)
    return lambda_stores[account][region].functions.get(api_utils.get_function_name(name, context))


def _versions(alias: Any) -> set[str]:
    routed = alias.routing_configuration
    return {alias.function_version, *(routed.version_weights if routed else ())}


def _managers(service: Any, function: Any, versions: Collection[str]) -> list[Any]:
    """Return core's managers of the given versions, without those of versions that are not running."""
    found = [function.versions[number].qualified_arn for number in versions if number in function.versions]
    return [service.lambda_running_versions[arn] for arn in found if arn in service.lambda_running_versions]


def _restart_keepalive_timers(service: Any, manager: Any) -> None:
    """Let the idle environments of a version end soon. A busy one follows after its event."""
    for environment in list(service.assignment_service.environments.get(manager.id, {}).values()):
        with suppress(InvalidStatusException):
            environment.reserve()
            environment.release()
