"""Where the authorization has its place in LocalStack."""

from pipeline_emulator import patches
from pipeline_emulator.authorization import denials, noted, role_use, sessions
from pipeline_emulator.authorization.asking import Authorizer
from pipeline_emulator.authorization.handler import Handler
from pipeline_emulator.authorization.memory import CALLERS
from pipeline_emulator.authorization.settings import Mode, mode


def install() -> None:
    """Follow IAM_ENFORCEMENT."""
    chosen = mode()
    denials.install(chosen.value)
    if chosen is Mode.OFF:
        return
    noted.install()
    sessions.install()
    authorizer = Authorizer(chosen)
    role_use.AUTHORIZER = authorizer
    patches.AUTHORIZE.append(Handler(authorizer))
    patches.FORGET_CALLERS.append(CALLERS.forget_after)
