"""LocalStack core with a faithful Kinesis, Lambda and ECR: the public API.

`start` starts an emulator as a process on this machine, `find` returns the one running with a data folder, and
`SETTINGS` is the table of settings. All other modules are private: LocalStack plugins and parts of the launcher.

Importing this package imports none of them, because LocalStack loads our plugin modules at every start.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline_emulator.launcher.errors import EmulatorError
    from pipeline_emulator.launcher.instance import Instance, find, start
    from pipeline_emulator.settings import SETTINGS, Kind, Setting

__all__ = ["SETTINGS", "EmulatorError", "Instance", "Kind", "Setting", "find", "start"]

_MODULES = {
    "EmulatorError": "launcher.errors",
    "Instance": "launcher.instance",
    "find": "launcher.instance",
    "start": "launcher.instance",
    "SETTINGS": "settings",
    "Kind": "settings",
    "Setting": "settings",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
