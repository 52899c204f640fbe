"""Starts debugpy in the process that runs a function, before the function is loaded, and waits there for a debugger.

Python imports this at its start, because its folder is the first in PYTHONPATH. Runs with every Python since 3.10.
"""

import os
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec

FOLDER = os.path.dirname(os.path.abspath(__file__))
PORT = "PIPELINE_DEBUGGER_PORT"
# Else debugpy warns in the function's log that Python's own modules are frozen.
QUIET = "PYDEVD_DISABLE_FILE_VALIDATION"
CLIENT = "awslambdaric"  # every runtime of Python imports it, managed or in an image


class Trigger:
    """An import hook: only the process that loads Lambda's runtime client gets a debugger."""

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        """Find nothing, but wait for a debugger before the client is found."""
        if name == CLIENT and Trigger in sys.meta_path:
            sys.meta_path.remove(Trigger)
            wait_for_debugger()


def wait_for_debugger() -> None:
    """Start debugpy; return when a debugger has attached and set its breakpoints."""
    port = int(os.environ.pop(PORT))
    sys.path.insert(0, FOLDER)
    os.environ[QUIET] = "1"
    import debugpy

    debugpy.configure(subProcess=False)
    debugpy.listen(("127.0.0.1", port))
    debugpy.wait_for_client()
    leave_no_trace()


def leave_no_trace() -> None:
    """Give the function its own search path and variables."""
    del os.environ[QUIET]
    sys.path[:] = [folder for folder in sys.path if folder != FOLDER]
    rest = [folder for folder in os.environ["PYTHONPATH"].split(os.pathsep) if folder != FOLDER]
    if rest:
        os.environ["PYTHONPATH"] = os.pathsep.join(rest)
    else:
        del os.environ["PYTHONPATH"]


def run_the_other() -> None:
    """Run the `sitecustomize` that this one hides."""
    spec = PathFinder.find_spec("sitecustomize", [folder for folder in sys.path if folder != FOLDER])
    if spec and spec.loader:
        spec.loader.exec_module(module_from_spec(spec))


if PORT in os.environ:
    sys.meta_path.insert(0, Trigger)
run_the_other()
