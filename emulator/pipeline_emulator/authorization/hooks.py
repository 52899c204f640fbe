"""Hooks of the authorization of requests."""

from pipeline_emulator.hooks import Event
from pipeline_emulator.iam.decision import Decision

decided: Event[Decision, bool] = Event()
"""A request was decided: the decision, and whether the request is refused (`soft` only records)."""
