"""Extends CloudWatch Logs when LocalStack starts."""

from localstack.runtime import hooks


@hooks.on_infra_start()  # type: ignore[untyped-decorator]
def install_logs() -> None:
    """Add the operations to core's provider class before it is instantiated."""
    from pipeline_emulator.logs import (
        batches,
        encryption,
        groups,
        identifiers,
        insights,
        metric_filters,
        reading,
        subscriptions,
        tags,
    )

    batches.install()
    encryption.install()
    groups.install()
    identifiers.install()
    insights.install()
    metric_filters.install()
    reading.install()
    subscriptions.install()
    tags.install()
