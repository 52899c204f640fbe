"""What observers can learn of event source mappings, and decide about their invocations."""

from pipeline_emulator.event_source.settings import MappingSettings
from pipeline_emulator.hooks import Event, Question

batch_sent: Event[MappingSettings, float] = Event()
"""A batch goes to the function; its last record arrived at a time, in seconds since the epoch."""

failures_delivered: Event[MappingSettings, int] = Event()
"""The on-failure destination has taken so many records."""

delivery_failed: Event[MappingSettings] = Event()
"""An attempt to reach the on-failure destination failed."""

refuse_invocation: Question[[MappingSettings], str] = Question()
"""With which error code the function is not invoked."""

lose_answer: Question[[MappingSettings], bool] = Question()
"""Whether the function's answer gets lost."""
