"""Hooks of event source mappings: events to observe and decisions about invocations."""

from pipeline_emulator.event_source.settings import MappingSettings
from pipeline_emulator.hooks import Event, Question

batch_sent: Event[MappingSettings, float] = Event()
"""A batch is sent to the function: settings, and arrival of its last record in seconds since the epoch."""

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
