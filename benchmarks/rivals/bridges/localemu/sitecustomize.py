"""Shows LocalEmu's modules under the names that they have in LocalStack, of which it is a fork.

Python imports this file as `sitecustomize` when it starts (see `benchmarks.rivals.localemu`).
"""

import importlib
import importlib.abc
import importlib.machinery
import sys
from types import ModuleType

OLD, NEW = "localstack", "localemu"


class Names(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `localstack.…`, and loads `localemu.…` for it: the same module object."""

    def find_spec(self, fullname: str, _path: object, _target: object = None) -> importlib.machinery.ModuleSpec | None:
        """A spec for names of LocalStack's alone."""
        return importlib.machinery.ModuleSpec(fullname, self) if fullname.split(".")[0] == OLD else None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        """The module of LocalEmu; the import machinery is told below that it keeps its own spec."""
        module = importlib.import_module(NEW + spec.name.removeprefix(OLD))
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """It has run already: only its own spec is given back."""
        module.__spec__ = module.__spec__.loader_state if module.__spec__ else None


sys.meta_path.insert(0, Names())  # before the finder of files, which would load them a second time
