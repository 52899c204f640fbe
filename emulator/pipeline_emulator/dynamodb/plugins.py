"""Registers moto's DynamoDB with LocalStack, beside core's, which downloads and runs Amazon's DynamoDB Local."""

from localstack.services.plugins import Service, aws_provider


@aws_provider(api="dynamodb", name="moto")  # type: ignore[untyped-decorator]
def dynamodb() -> Service:
    """Return the service of tables."""
    from localstack.services.moto import MotoFallbackDispatcher

    from pipeline_emulator.dynamodb.changes import install
    from pipeline_emulator.dynamodb.provider import Tables

    install()
    return Service.for_provider(Tables(), dispatch_table_factory=MotoFallbackDispatcher)


@aws_provider(api="dynamodbstreams", name="moto")  # type: ignore[untyped-decorator]
def dynamodbstreams() -> Service:
    """Return the service of streams."""
    from localstack.services.moto import MotoFallbackDispatcher

    from pipeline_emulator.dynamodb.provider import TableStreams

    return Service.for_provider(TableStreams(), dispatch_table_factory=MotoFallbackDispatcher)
