"""Installs the authorization in LocalStack."""

from pipeline_emulator import patches
from pipeline_emulator.authorization import denials, recorder, role_use, routes, sessions
from pipeline_emulator.authorization.authorizer import Authorizer
from pipeline_emulator.authorization.caller_cache import CALLERS
from pipeline_emulator.authorization.handler import Handler
from pipeline_emulator.authorization.settings import Mode, mode


def install() -> None:
    """Install the authorization that IAM_ENFORCEMENT selects."""
    chosen = mode()
    denials.install(chosen.value)
    if chosen is Mode.OFF:
        return
    recorder.install()
    sessions.install()
    authorizer = Authorizer(chosen)
    role_use.AUTHORIZER = authorizer
    routes.install(authorizer)
    patches.AUTHORIZE.append(Handler(authorizer))
    patches.FORGET_CALLERS.append(CALLERS.forget_after)
