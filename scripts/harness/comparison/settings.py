"""Reads the settings of a pipeline's resources. Names of settings are those of AWS's API."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from harness.comparison import role
from harness.comparison.side import Side
from harness.stack import mapping

SECRET = ("KEY", "SECRET", "TOKEN", "PASSWORD")
DENIED = ("AccessDenied", "AccessDeniedException", "AccessDeniedError", "UnauthorizedOperation")
FUNCTION = (
    "Architectures", "DeadLetterConfig", "EphemeralStorage", "FileSystemConfigs", "Handler", "Layers", "LoggingConfig",
    "MemorySize", "PackageType", "Runtime", "SnapStart", "Timeout", "TracingConfig",
)  # fmt: skip
MAPPING = (
    "BatchSize", "BisectBatchOnFunctionError", "DestinationConfig", "FilterCriteria", "FunctionResponseTypes",
    "MaximumBatchingWindowInSeconds", "MaximumRecordAgeInSeconds", "MaximumRetryAttempts", "ParallelizationFactor",
    "StartingPosition", "State", "TumblingWindowInSeconds",
)  # fmt: skip
STREAM = ("EncryptionType", "EnhancedMonitoring", "OpenShardCount", "RetentionPeriodHours", "StreamModeDetails")
# What AWS answers for a bucket without such a setting.
ABSENT = (
    "NoSuchLifecycleConfiguration",
    "NoSuchPublicAccessBlockConfiguration",
    "ServerSideEncryptionConfigurationNotFoundError",
)
type Settings = dict[str, Any]


def read(side: Side) -> Settings:
    """Return every setting by its name, such as `mapping.BatchSize`, without what always differs between stages.

    A setting that the credentials may not read has the value `not readable: <code>`.

    Raises:
        HarnessError: no mapping leads from the source stream to the function.
    """
    names = side.names
    found: Settings = {}
    functions = side.client("lambda")
    source = mapping.find(functions, names)
    found |= _flat("mapping", {name: source.get(name) for name in MAPPING})
    found |= _part("function", lambda: _function(side, mapping.qualifier(source)))
    for title, stream in (("source stream", names.source_stream), ("output stream", names.output_stream)):
        found |= _part(title, lambda stream=stream: _stream(side, stream))  # type: ignore[misc]
    for title, bucket in (("failed events", names.failed_events), ("model bucket", names.model_bucket)):
        if bucket:
            found |= _bucket(side, title, bucket)
    found |= _part("role", lambda: role.permissions(side))
    return {name: side.neutral(value) for name, value in found.items()}


def _function(side: Side, qualifier: str | None) -> Settings:
    client, name = side.client("lambda"), side.names.function
    chosen = {"Qualifier": qualifier} if qualifier else {}
    found = client.get_function_configuration(FunctionName=name, **chosen)
    variables = found.get("Environment", {}).get("Variables", {})
    reserved = client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")
    return {
        **{key: found.get(key) for key in FUNCTION},
        "Environment": {key: _hidden(key, value) for key, value in variables.items()},
        "VpcConfig": bool(found.get("VpcConfig", {}).get("SubnetIds")),
        "KMSKeyArn": bool(found.get("KMSKeyArn")),
        "ReservedConcurrentExecutions": reserved,
    }


def _hidden(name: str, value: str) -> str:
    """Return a variable's value; of a secret, by its name, only what shows whether two are equal."""
    secret = any(word in name.upper() for word in SECRET)
    return f"hidden, SHA-256 {hashlib.sha256(value.encode()).hexdigest()[:12]}" if secret else value


def _stream(side: Side, name: str) -> Settings:
    found = side.client("kinesis").describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    settings = {key: found.get(key) for key in STREAM}
    levels = [sorted(each.get("ShardLevelMetrics", [])) for each in settings["EnhancedMonitoring"] or []]
    return {**settings, "EnhancedMonitoring": levels, "StreamModeDetails": (settings["StreamModeDetails"] or {})}


def _bucket(side: Side, title: str, name: str) -> Settings:
    s3 = side.client("s3")
    calls: dict[str, Callable[[], Any]] = {
        "Versioning": lambda: s3.get_bucket_versioning(Bucket=name).get("Status"),
        "Encryption": lambda: [
            rule.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm")
            for rule in s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
        ],
        "PublicAccessBlock": lambda: s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"],
        "LifecycleRules": lambda: [
            {key: rule.get(key) for key in ("Status", "Expiration", "NoncurrentVersionExpiration")}
            for rule in s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
        ],
    }
    found: Settings = {}
    for key, call in calls.items():
        found |= _part(title, lambda key=key, call=call: {key: call()})  # type: ignore[misc]
    return found


def _part(title: str, call: Callable[[], Settings]) -> Settings:
    """Return settings by their full names; none if there are none, and one that says so if they may not be read."""
    try:
        return _flat(title, call())
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in ABSENT:
            return {}
        if code in DENIED:
            return {title: f"not readable: {code}"}
        raise


def _flat(title: str, value: Any) -> Settings:
    """Return a setting's parts by their full names; what is empty is as good as not set."""
    if isinstance(value, Mapping):
        return {name: each for key, part in value.items() for name, each in _flat(f"{title}.{key}", part).items()}
    return {title: value} if value not in (None, [], "") else {}


def names_of(*settings: Settings) -> Iterator[str]:
    """Yield the names of all settings, sorted."""
    yield from sorted({name for each in settings for name in each})
