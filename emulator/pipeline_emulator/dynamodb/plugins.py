"""Registers moto's DynamoDB with LocalStack, beside core's, which downloads and runs Amazon's DynamoDB Local."""

from localstack.services.plugins import Service, aws_provider


@aws_provider(api="dynamodb", name="moto")  # type: ignore[untyped-decorator]
def dynamodb() -> Service:
    """Return the service of tables."""
    from localstack.aws.api.dynamodb import DynamodbApi
    from localstack.services.moto import MotoFallbackDispatcher

    return Service.for_provider(DynamodbApi(), dispatch_table_factory=MotoFallbackDispatcher)


@aws_provider(api="dynamodbstreams", name="moto")  # type: ignore[untyped-decorator]
def dynamodbstreams() -> Service:
    """Return the service of streams."""
    from localstack.aws.api.dynamodbstreams import DynamodbstreamsApi
    from localstack.services.moto import MotoFallbackDispatcher

    return Service.for_provider(DynamodbstreamsApi(), dispatch_table_factory=MotoFallbackDispatcher)
