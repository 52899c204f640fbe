"""Installs the authorization in LocalStack."""

from pipeline_emulator import patches
from pipeline_emulator.authorization import (
    alarm_actions,
    bucket_owners,
    denials,
    function_origin,
    function_urls,
    gone_principals,
    internal_calls,
    queue_urls,
    recorder,
    role_use,
    routes,
    sessions,
    subscriptions,
    websites,
)
from pipeline_emulator.authorization.authorizer import Authorizer
from pipeline_emulator.authorization.caller_cache import CALLERS
from pipeline_emulator.authorization.handler import Handler
from pipeline_emulator.authorization.key_use import variables
from pipeline_emulator.authorization.settings import Mode, mode
from pipeline_emulator.gateway import hooks
from pipeline_emulator.lambda_runtime.origins import ENVIRONMENTS


def install() -> None:
    """Install the authorization that IAM_ENFORCEMENT selects."""
    chosen = mode()
    denials.install(chosen.value)
    if chosen is not Mode.OFF:
        _install_authorizer(chosen)
    patches.AUTHORIZE.append(bucket_owners.require)


def _install_authorizer(chosen: Mode) -> None:
    recorder.install()
    sessions.install()
    subscriptions.install()
    gone_principals.install()
    alarm_actions.install()
    internal_calls.install()
    authorizer = Authorizer(chosen)
    variables.install(authorizer)
    queue_urls.install(authorizer)
    role_use.AUTHORIZER = authorizer
    routes.install(authorizer)
    function_urls.install(authorizer)
    websites.install(authorizer)
    patches.AUTHORIZE.append(Handler(authorizer))
    hooks.may_wait.subscribe(lambda: ENVIRONMENTS.is_starting or None)
    if function_origin.enabled() and chosen is Mode.ON:
        patches.REFUSE_FUNCTIONS.append(function_origin.refuse_interfaces)
    patches.FORGET_CALLERS.append(CALLERS.forget_after)
