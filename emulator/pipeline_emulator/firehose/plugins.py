"""Registers Firehose with LocalStack, beside core's, which downloads a Java program to read a Kinesis stream."""

from localstack.services.plugins import Service, aws_provider


@aws_provider(api="firehose", name="pipeline")  # type: ignore[untyped-decorator]
def firehose() -> Service:
    """Return the service; LocalStack calls this at the first request."""
    from localstack.aws.api.firehose import HttpEndpointDestinationDescription

    from pipeline_emulator import patches
    from pipeline_emulator.firehose import delivery, kinesis_source
    from pipeline_emulator.firehose.encryption import DeliveryStreams

    kinesis_source.install()
    delivery.install()
    # https://docs.aws.amazon.com/firehose/latest/APIReference/API_HttpEndpointDestinationDescription.html
    patches.DESCRIBE_HTTP_DESTINATION.replace(HttpEndpointDestinationDescription)
    return Service.for_provider(DeliveryStreams())
