"""Starts LocalEmu, and makes its modules importable under LocalStack's names, because it is a fork.

Python looks for modules and plugins beside this file first.
"""

import importlib
import importlib.abc
import importlib.machinery
import runpy
import sys
from types import ModuleType

OLD, NEW = "localstack", "localemu"


class Names(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `localstack.…` and loads `localemu.…` instead: the same module object."""

    def find_spec(self, fullname: str, _path: object, _target: object = None) -> importlib.machinery.ModuleSpec | None:
        """A spec for LocalStack's names only."""
        return importlib.machinery.ModuleSpec(fullname, self) if fullname.split(".")[0] == OLD else None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        """LocalEmu's module; `exec_module` restores its spec, which the import machinery replaces."""
        module = importlib.import_module(NEW + spec.name.removeprefix(OLD))
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """The module has already run; only restore its spec."""
        module.__spec__ = module.__spec__.loader_state if module.__spec__ else None


sys.meta_path.insert(0, Names())  # before the file finder, which would load the modules a second time
if __name__ == "__main__":
    runpy.run_module("localemu.runtime.main", run_name="__main__")
