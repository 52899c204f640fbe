"""Seeded schedules of faults over a steady stream, ended by the ledger's verdict."""

from harness.chaos.run import EVENTS, FAULTS, run, schedule

__all__ = ["EVENTS", "FAULTS", "run", "schedule"]
