"""What core's pickler needs beyond dill: types that dill does not bring back as they were."""

import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from localstack.state import pickle


def install() -> None:
    """Register the types with core's pickler."""
    pickle.register(defaultdict, subclasses=True)(_save_defaultdict)
    # A lock that is free comes back from dill held by nobody. Whoever holds or awaits one here does not exist there.
    pickle.reducer(type(threading.RLock()), threading.RLock)(_without_arguments)
    pickle.reducer(type(threading.Lock()), threading.Lock)(_without_arguments)
    pickle.reducer(threading.Condition)(lambda found: (found._lock,))


def _without_arguments(_lock: Any) -> tuple[()]:
    return ()


def _save_defaultdict(pickler: Any, found: Any) -> None:
    """Save a dictionary. A subclass may have another constructor, which `defaultdict` would call with the default."""
    state = (dict(vars(found)) if hasattr(found, "__dict__") else {}, dict(found))
    pickler.save_reduce(_new, (type(found), found.default_factory), state, None, None, _fill, obj=found)


def _new(kind: Any, default: Callable[[], Any] | None) -> Any:
    made = kind.__new__(kind)
    defaultdict.__init__(made, default)
    return made


def _fill(made: Any, state: tuple[dict[str, Any], dict[Any, Any]]) -> None:
    attributes, items = state
    if attributes:
        vars(made).update(attributes)
    dict.update(made, items)
