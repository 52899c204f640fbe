"""Connects the journal to the hooks of the packages that it records."""

from pipeline_emulator.authorization import hooks as authorization
from pipeline_emulator.event_source import hooks as event_source
from pipeline_emulator.kinesis import hooks as kinesis
from pipeline_emulator.lambda_runtime import hooks as lambda_runtime
from pipeline_emulator.trace import api
from pipeline_emulator.trace.journal import JOURNAL


def install() -> None:
    """Subscribe to the hooks and open the API."""
    kinesis.records_put.subscribe(JOURNAL.count_put)
    lambda_runtime.invocation_reported.subscribe(JOURNAL.keep_report)
    event_source.attempt_ended.subscribe(JOURNAL.add)
    event_source.batch_discarded.subscribe(JOURNAL.discard)
    authorization.decided.subscribe(JOURNAL.decide)
    api.install(JOURNAL)
