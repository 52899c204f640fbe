"""Leaves out what core imports and compiles at its start without need. It takes processor time and memory."""

import gc
import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from types import ModuleType
from typing import Any

from localstack import config

from pipeline_emulator import patches

_HANDLERS, _FORWARDING = "localstack.aws.handlers", "localstack.utils.aws.message_forwarding"
_API_GATEWAY = "localstack.services.apigateway.legacy.helpers"
_OPENAPI = (
    "openapi_core",
    "openapi_core.contrib",
    "openapi_core.contrib.werkzeug",
    "openapi_core.exceptions",
    "openapi_core.validation",
    "openapi_core.validation.request",
    "openapi_core.validation.request.exceptions",
    "openapi_core.validation.response",
    "openapi_core.validation.response.exceptions",
)


class _StandIn(ModuleType):
    """A module from which any name can be imported, and nothing used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (Exception,), {})


def begin() -> None:
    """Import core's handlers without the OpenAPI library, and collect no garbage while everything is loaded.

    Hardly anything of it becomes garbage. `services.freeze_loaded_objects` turns the collector on again.
    """
    gc.disable()
    _build_urls_later()
    if not _validates():
        with _standing_in(_OPENAPI):
            importlib.import_module(_HANDLERS)
        _import_openapi_later()
    with _standing_in((_API_GATEWAY,)):
        importlib.import_module(_FORWARDING)
    _import_api_gateway_later()


def _validates() -> bool:
    return bool(config.OPENAPI_VALIDATE_REQUEST or config.OPENAPI_VALIDATE_RESPONSE)


def _import_openapi_later() -> None:
    @patches.IMPORT_OPENAPI_LATER.wrap
    def load_specs(original: Callable[..., None], self: Any) -> None:
        """Import the library first. The setting can be changed while LocalStack runs."""
        validation = sys.modules[f"{_HANDLERS}.validation"]
        if _validates() and not hasattr(validation.OpenAPI, "from_path"):
            importlib.reload(validation)
        original(self)


def _import_api_gateway_later() -> None:
    @patches.IMPORT_API_GATEWAY_LATER.wrap
    def add_target_http_parameters(original: Callable[..., str], *args: Any, **kwargs: Any) -> str:
        real = importlib.import_module(_API_GATEWAY).extract_query_string_params
        vars(sys.modules[_FORWARDING])[real.__name__] = real
        return original(*args, **kwargs)


def _build_urls_later() -> None:
    @patches.BUILD_URLS_LATER.wrap
    def compile_builder(original: Callable[..., Any], self: Any, append_unknown: bool = True) -> Callable[..., Any]:
        compiled = cache(partial(original, self, append_unknown))
        return lambda rule, /, **values: compiled()(rule, **values)


@contextmanager
def _standing_in(names: tuple[str, ...]) -> Iterator[None]:
    """Let these modules be imported as stand-ins while the context lasts, unless they have been imported already."""
    made = {name: _StandIn(name) for name in names if name not in sys.modules}
    sys.modules.update(made)
    try:
        yield
    finally:
        for name in made:
            del sys.modules[name]
