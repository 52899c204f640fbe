"""Registers EventBridge Scheduler with LocalStack, beside core's, which runs no schedule."""

from localstack.services.plugins import Service, aws_provider


@aws_provider(api="scheduler", name="pipeline")  # type: ignore[untyped-decorator]
def scheduler() -> Service:
    """Return the service; LocalStack calls this at the first request."""
    from localstack.services.moto import MotoFallbackDispatcher
    from localstack.services.scheduler.provider import SchedulerProvider

    from pipeline_emulator.scheduler.runner import Runner

    provider = SchedulerProvider()
    Runner().start()
    return Service.for_provider(provider, dispatch_table_factory=MotoFallbackDispatcher)
