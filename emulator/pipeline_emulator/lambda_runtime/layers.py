"""Layers: their size together with the function's code, and what a refused one leaves behind.

"The maximum size of the contents of a deployment package, including layers and custom runtimes (unzipped)": 250 MB.
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

import functools
import hashlib
import json
import re
import threading
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import IO, Any

from localstack import config
from localstack.aws.api import CommonServiceException
from localstack.aws.api.lambda_ import InvalidParameterValueException
from localstack.services.lambda_ import api_utils
from localstack.services.lambda_.invocation.models import lambda_stores

from pipeline_emulator import patches
from pipeline_emulator.snapshots import hooks as snapshots

# https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html
_NAME = re.compile(r"[a-zA-Z0-9-_]{1,140}", re.ASCII)
_NAME_OF_AWS = r"(arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\d{12}:layer:[a-zA-Z0-9-_]+)|[a-zA-Z0-9-_]+"
_FILE = "unpacked-sizes.json"
_publishing = threading.Lock()
_sizes: dict[str, int] = {}  # unpacked bytes by the archive's SHA-256 as core writes it; core keeps only packed ones
_size_of_layers: ContextVar[int] = ContextVar("size_of_layers", default=0)  # of the request's function


def note_size(archive: IO[bytes], size: int) -> None:
    """Remember the unpacked size in bytes of an archive that core is about to store.

    Raises:
        InvalidParameterValueException: It is too large together with the layers of its function.
    """
    archive.seek(0)
    _sizes[b64encode(hashlib.sha256(archive.read()).digest()).decode()] = size
    _check_total(size, _size_of_layers.get())


@functools.cache
def install() -> None:
    """Patch core, once per process."""
    patches.KEEP_NO_REFUSED_LAYER.wrap(_publish_layer_version)
    snapshots.save.subscribe(lambda folder: (folder / _FILE).write_text(json.dumps(_sizes)))
    snapshots.load.subscribe(lambda folder: _sizes.update(json.loads((folder / _FILE).read_text())))

    @patches.SIZE_OF_NEW_FUNCTION.wrap
    def create_function(original: Callable[..., Any], self: Any, context: Any, request: Any) -> Any:
        with _with_layers(_size_of_versions(request.get("Layers") or ())):
            return original(self, context, request)

    @patches.SIZE_OF_NEW_CODE.wrap
    def update_function_code(original: Callable[..., Any], self: Any, context: Any, request: Any) -> Any:
        function = _function(context, request)
        with _with_layers(sum(map(_size, function.latest().config.layers)) if function else 0):
            return original(self, context, request)

    @patches.SIZE_OF_NEW_LAYERS.wrap
    def update_function_configuration(original: Callable[..., Any], self: Any, context: Any, request: Any) -> Any:
        function = _function(context, request)
        if function and request.get("Layers"):
            _check_total(_size(function.latest().config), _size_of_versions(request["Layers"]))
        return original(self, context, request)


def _publish_layer_version(
    original: Callable[..., Any], self: Any, context: Any, layer_name: str, *positional: Any, **arguments: Any
) -> Any:
    """Undo what core notes before it looks at the archive: a new layer, and the number of its next version.

    Core takes any text for a name, unpacks the archive at a path that contains it, and an ARN for the name of a layer.
    """
    layer_name = _layer_name(context, layer_name)
    with _publishing, _undone_on_error(lambda_stores[context.account_id][context.region].layers, layer_name):
        return original(self, context, layer_name, *positional, **arguments)


def _layer_name(context: Any, text: str) -> str:
    """Return the name that a request gives a layer, itself or in its ARN.

    Raises:
        CommonServiceException: ValidationException, it is neither.
    """
    region, account, name = context.region, context.account_id, text
    if api_utils.is_layer_arn(text):
        region, account, name, _ = api_utils.parse_layer_arn(text)
    if not _NAME.fullmatch(name) or (region, account) != (context.region, context.account_id):
        problem = f"Value '{text}' at 'layerName' failed to satisfy constraint"
        rule = f"Member must satisfy regular expression pattern: {_NAME_OF_AWS}"
        raise CommonServiceException(
            "ValidationException", f"1 validation error detected: {problem}: {rule}", sender_fault=True
        )
    return name


@contextmanager
def _undone_on_error(known: dict[str, Any], name: str) -> Iterator[None]:
    number = known[name].next_version if name in known else None
    try:
        yield
    except Exception:
        if number is None:
            known.pop(name, None)
        else:
            known[name].next_version = number
        raise


@contextmanager
def _with_layers(size: int) -> Iterator[None]:
    token = _size_of_layers.set(size)
    try:
        yield
    finally:
        _size_of_layers.reset(token)


def _check_total(code: int, layers: int) -> None:
    limit = config.LAMBDA_LIMITS_CODE_SIZE_UNZIPPED
    if layers and code + layers > limit:
        raise InvalidParameterValueException(
            f"Function code combined with layers exceeds the maximum allowed size of {limit} bytes."
            f" The actual size is {code + layers} bytes.",
            Type="User",
        )


def _function(context: Any, request: Mapping[str, Any]) -> Any:
    """Return core's function that a request names, or None: core then answers."""
    account, region = api_utils.get_account_and_region(request["FunctionName"], context)
    name, _ = api_utils.get_name_and_qualifier(request["FunctionName"], None, context)
    return lambda_stores[account][region].functions.get(name)


def _size_of_versions(arns: Iterable[str]) -> int:
    """Return the unpacked bytes of layer versions. Core refuses those that do not exist."""
    size = 0
    for arn in arns:
        if match := api_utils.LAYER_VERSION_ARN_PATTERN.match(arn):
            region, account, name, number = match.group("region_name", "account_id", "layer_name", "layer_version")
            layer = lambda_stores[account][region].layers.get(name)
            size += _size(layer.layer_versions.get(number)) if layer else 0
    return size


def _size(owner: Any) -> int:
    """Return the unpacked bytes of a function's or layer version's code, 0 for images and code on the host."""
    return _sizes.get(owner.code.code_sha256, 0) if owner and owner.code else 0
