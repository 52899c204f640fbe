"""The service that handles LocalStack's Kinesis requests."""

from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.skeleton import DispatchTable, create_dispatch_table
from localstack.services.plugins import Service

from pipeline_emulator.kinesis.provider.account import AccountOperations
from pipeline_emulator.kinesis.provider.configuration import ConfigurationOperations
from pipeline_emulator.kinesis.provider.consumers import ConsumerOperations
from pipeline_emulator.kinesis.provider.data import INTERNAL_FAILURE, DataOperations
from pipeline_emulator.kinesis.provider.lifecycle import LifecycleOperations
from pipeline_emulator.kinesis.provider.policies import PolicyOperations
from pipeline_emulator.kinesis.provider.shards import ShardOperations
from pipeline_emulator.kinesis.provider.tags import TagOperations
from pipeline_emulator.kinesis.provider.validation import RequestValidator
from pipeline_emulator.kinesis.store import opened
from pipeline_emulator.kinesis.streams.errors import StreamError
from pipeline_emulator.kinesis.streams.settings import StreamSettings
from pipeline_emulator.kinesis.streams.streams import Streams
from pipeline_emulator.persistence import StorageError


class PipelineKinesisProvider(
    DataOperations,
    ShardOperations,
    LifecycleOperations,
    ConfigurationOperations,
    TagOperations,
    PolicyOperations,
    ConsumerOperations,
    AccountOperations,
):
    """All operations of Kinesis."""

    service = "kinesis"


def create_service() -> Service:
    """Return the service, with settings from the environment and the stored streams (PERSISTENCE=1)."""
    streams = opened.take() or Streams(StreamSettings.from_environment())
    provider = PipelineKinesisProvider(streams)
    return Service.for_provider(provider, dispatch_table_factory=dispatch_table)


def dispatch_table(provider: Any) -> DispatchTable:
    """Return the provider's operations, wrapped to validate requests and to convert errors for LocalStack."""
    validator = RequestValidator()
    return {name: _checked(operation, validator) for name, operation in create_dispatch_table(provider).items()}


def _checked(operation: Any, validator: RequestValidator) -> Any:
    def call(context: RequestContext, request: Any) -> Any:
        try:
            validator.validate(context.operation, request)
            return operation(context, request or {})
        except StreamError as error:
            raise CommonServiceException(error.code, str(error), sender_fault=True) from error
        except StorageError as error:
            # AWS's SDKs retry a 500.
            raise CommonServiceException(INTERNAL_FAILURE, str(error), status_code=500) from error

    return call
