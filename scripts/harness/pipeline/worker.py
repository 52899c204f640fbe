"""The process that calls a pipeline's functions, so that the harness imports no pipeline.

Started in the pipeline's folder, whose modules Python therefore finds. Imports nothing of the harness.

    python -m harness.pipeline.worker                        answers requests, one line of JSON each
    python -m harness.pipeline.worker REQUEST RESULT.json    answers one; exit status 2 if the function refuses it
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import random
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

REFUSED = 2
# Exceptions about the input rather than the code: their text is for the user.
REFUSALS = (ValueError, OSError)


class _NotFoundError(ValueError):
    """There is no such function; the message says why."""


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """Call a function.

    Args:
        request: `how` to call the `function`, and what for; see `_CALLS`.

    Returns:
        `result`; or `refused` with the message, and `next_step` if the exception has one; or `failed` with the type and
        message of an exception in the function's code.
    """
    try:
        result = _CALLS[request["how"]](_function(request["function"]), request)
        json.dumps(result)
    except REFUSALS as error:
        return {"refused": _text(error), "next_step": getattr(error, "next_step", "")}
    except Exception as error:
        traceback.print_exc()
        return {"failed": f"{type(error).__name__}: {error}"}
    return {"result": result}


def _text(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error) or type(error).__name__


def _function(name: str) -> Callable[..., Any]:
    module_name, _, function_name = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{module_name}.".startswith(f"{error.name}."):
            raise _NotFoundError(f"{name}: there is no module {error.name} in {Path.cwd()}") from None
        raise
    found = getattr(module, function_name, None)
    if not callable(found):
        raise _NotFoundError(f"{name}: {module.__file__} has no function {function_name}")
    return found  # type: ignore[no-any-return]


def _with_model(function: Callable[..., Any], model: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return `model` as an argument if the function takes it."""
    return {"model": model} if "model" in inspect.signature(function).parameters else {}


def _made_up(function: Callable[..., Any], request: Mapping[str, Any]) -> list[Any]:
    chance, more = random.Random(request["seed"]), _with_model(function, request["model"])  # noqa: S311 - test data
    made = [function(chance, **more) for _ in range(request["count"])]
    if wrong := next((event for event in made if not isinstance(event, dict)), None):
        raise ValueError(f"{request['function']} returned {wrong!r}, which is no JSON object")
    return made


def _expected(function: Callable[..., Any], request: Mapping[str, Any]) -> list[Any]:
    events = request["events"]
    answers = list(function(events, **_with_model(function, request["model"])))
    if len(answers) != len(events):
        raise ValueError(f"{request['function']} returned {len(answers)} answers to {len(events)} events")
    return answers


def _called(function: Callable[..., Any], request: Mapping[str, Any]) -> Any:
    arguments = {name: Path(value) for name, value in request["paths"].items()} | request["values"]
    taken = inspect.signature(function).parameters
    anything = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in taken.values())
    return function(**{name: value for name, value in arguments.items() if anything or name in taken})


_CALLS = {"made_up": _made_up, "expected": _expected, "call": _called}


def _serve() -> None:
    """Answer requests until the harness closes the pipe. What the functions print goes to stderr."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    for line in sys.stdin:
        answers.write(json.dumps(answer(json.loads(line))) + "\n")
        answers.flush()


def _answer_one(request: str, result: Path) -> int:
    found = answer(json.loads(request))
    result.write_text(json.dumps(found), encoding="utf-8")
    return 0 if "result" in found else REFUSED if "refused" in found else 1


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(_answer_one(sys.argv[1], Path(sys.argv[2])))
    _serve()
