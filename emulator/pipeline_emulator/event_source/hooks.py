"""Hooks of event source mappings: events to observe and decisions about invocations."""

from collections.abc import Sequence

from pipeline_emulator.event_source.batch_run import Discard, Outcome
from pipeline_emulator.event_source.records import StreamRecord
from pipeline_emulator.event_source.settings import MappingSettings
from pipeline_emulator.hooks import Event, Question

batch_sent: Event[MappingSettings, float] = Event()
"""A batch is sent to the function: settings, and arrival of its last record in seconds since the epoch."""

attempt_ended: Event[MappingSettings, str, Sequence[StreamRecord], float, Outcome] = Event()
"""An attempt to get records processed has ended: settings, shard id, records, start (epoch seconds), and outcome."""

batch_discarded: Event[MappingSettings, str, Discard] = Event()
"""Records were given up, and any failure record is delivered: settings, shard id, and what was given up."""

failures_delivered: Event[MappingSettings, int] = Event()
"""The on-failure destination accepted a failure record: settings, and number of records in the batch."""

delivery_failed: Event[MappingSettings] = Event()
"""An attempt to deliver to the on-failure destination failed."""

events_counted: Event[MappingSettings, str, int] = Event()
"""Something happened to events of a mapping: settings, name of the metric, and number of events."""

refuse_invocation: Question[[MappingSettings], str] = Question()
"""Refuses an invocation with an error code."""

lose_answer: Question[[MappingSettings], bool] = Question()
"""Decides whether the function's response is lost."""

paused_since: Question[[MappingSettings, float], float] = Question()
"""The seconds since a moment (epoch seconds) in which the mapping's records do not age."""
