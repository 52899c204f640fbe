"""Connects the faults to the request handlers and to the hooks of the packages they strike."""

from pipeline_emulator.event_source import hooks as event_source
from pipeline_emulator.faults import api, function, requests, streams
from pipeline_emulator.kinesis import hooks as kinesis
from pipeline_emulator.lambda_runtime import hooks as lambda_runtime


def install() -> None:
    """Open the API and subscribe to the hooks. No rule is in force yet."""
    api.install()
    requests.install()
    kinesis.admit_records.subscribe(streams.admit_records)
    kinesis.refuse_operation.subscribe(streams.refuse_operation)
    event_source.refuse_invocation.subscribe(function.refuse_invocation)
    event_source.lose_answer.subscribe(function.lose_answer)
    lambda_runtime.choose_fault.subscribe(function.choose_fault)
