"""The service that handles LocalStack's Kinesis requests."""

from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.skeleton import DispatchTable, create_dispatch_table
from localstack.services.plugins import Service

from pipeline_emulator.kinesis.provider.account import AccountOperations
from pipeline_emulator.kinesis.provider.configuration import ConfigurationOperations
from pipeline_emulator.kinesis.provider.consumers import ConsumerOperations
from pipeline_emulator.kinesis.provider.data import DataOperations
from pipeline_emulator.kinesis.provider.lifecycle import LifecycleOperations
from pipeline_emulator.kinesis.provider.policies import PolicyOperations
from pipeline_emulator.kinesis.provider.shards import ShardOperations
from pipeline_emulator.kinesis.provider.tags import TagOperations
from pipeline_emulator.kinesis.provider.validation import RequestValidator
from pipeline_emulator.kinesis.store.journal import FILE, SqliteJournal
from pipeline_emulator.kinesis.store.loading import load
from pipeline_emulator.kinesis.streams.errors import StreamError
from pipeline_emulator.kinesis.streams.settings import StreamSettings
from pipeline_emulator.kinesis.streams.streams import Streams
from pipeline_emulator.persistence import state_folder


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
    """Return the service, with settings from the environment and the stored streams (PERSISTENCE=1).

    Raises:
        DatabaseError: the file of the streams cannot be used.
    """
    settings, folder = StreamSettings.from_environment(), state_folder()
    streams = load(SqliteJournal(folder / FILE), settings) if folder else Streams(settings)
    provider = PipelineKinesisProvider(streams)
    return Service.for_provider(provider, dispatch_table_factory=dispatch_table)


def dispatch_table(provider: Any) -> DispatchTable:
    """Return the provider's operations, wrapped to validate requests and to convert StreamError for LocalStack."""
    validator = RequestValidator()
    return {name: _checked(operation, validator) for name, operation in create_dispatch_table(provider).items()}


def _checked(operation: Any, validator: RequestValidator) -> Any:
    def call(context: RequestContext, request: Any) -> Any:
        try:
            validator.validate(context.operation, request)
            return operation(context, request or {})
        except StreamError as error:
            raise CommonServiceException(error.code, str(error), sender_fault=True) from error

    return call
