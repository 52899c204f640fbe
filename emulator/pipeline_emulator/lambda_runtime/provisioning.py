"""Provisioned concurrency: changes while one is under way, the number that is allocated, and its end for an alias."""

import contextlib
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from localstack.aws.api.lambda_ import InvalidParameterValueException
from localstack.services.lambda_ import api_utils
from localstack.services.lambda_.invocation.models import lambda_stores

from pipeline_emulator import patches

# https://github.com/hashicorp/terraform/issues/24957
_WEIGHTED = "Alias with weights can not be used with Provisioned Concurrency"
_SECONDS = 20.0  # of a change under way; its environments start in one or two


def install() -> None:
    """Patch the managers of versions."""

    @patches.PROVISION_AGAIN.wrap
    def update_provisioned_concurrency_config(original: Callable[..., Any], self: Any, wanted: int) -> Any:
        under_way = getattr(self, "provisioning_thread", None)
        if under_way is not None:
            with contextlib.suppress(Exception):  # core has logged it
                under_way.result_future.result(_SECONDS)
        return original(self, wanted)

    @patches.COUNT_PROVISIONED.wrap
    def scale_provisioned_concurrency(
        original: Callable[..., list[Future[None]]], self: Any, manager_id: str, version: Any, wanted: int
    ) -> list[Future[None]]:
        """Return the starts alone, which come first; if nothing starts, the ends."""
        futures = original(self, manager_id, version, wanted)
        return futures[:wanted] or futures

    @patches.CHECK_PROVISIONED.wrap
    def put_provisioned_concurrency_config(
        original: Callable[..., Any],
        self: Any,
        context: Any,
        function_name: str,
        qualifier: str,
        *args: Any,
        **more: Any,
    ) -> Any:
        function, name = _function(context, function_name, qualifier)
        alias = function and function.aliases.get(name)
        if alias and alias.routing_configuration and alias.routing_configuration.version_weights:
            raise InvalidParameterValueException(_WEIGHTED, Type="User")
        return original(self, context, function_name, qualifier, *args, **more)

    @patches.DELETE_PROVISIONED.wrap
    def delete_provisioned_concurrency_config(
        original: Callable[..., None], self: Any, context: Any, function_name: str, qualifier: str, **more: Any
    ) -> None:
        manager = _manager_of_alias(self, context, function_name, qualifier)
        if manager is None:
            original(self, context, function_name, qualifier, **more)
        else:
            manager.update_provisioned_concurrency_config(0)


def _function(context: Any, function_name: str, qualifier: str) -> tuple[Any, str | None]:
    """Return core's function, None if there is none, and the qualifier that a request names in one of two places."""
    name, requested = api_utils.get_name_and_qualifier(function_name, qualifier, context)
    account, region = api_utils.get_account_and_region(function_name, context)
    return lambda_stores[account][region].functions.get(name), requested


def _manager_of_alias(provider: Any, context: Any, function_name: str, qualifier: str) -> Any:
    """Remove an alias's configuration; return the manager of its version, or None if there was none."""
    function, requested = _function(context, function_name, qualifier)
    alias = function and function.aliases.get(requested)
    if not alias or not function.provisioned_concurrency_configs.pop(requested, None):
        return None
    arn = function.versions[alias.function_version].id.qualified_arn()
    return provider.lambda_service.get_lambda_version_manager(arn)
