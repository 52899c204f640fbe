"""Seeded schedules of faults over a steady stream, ended by the ledger's verdict."""

from harness.chaos.fault_run import EVENTS, RATE, Outcome, run
from harness.chaos.schedule import FAULTS, KILL, Fault, schedule

__all__ = ["EVENTS", "FAULTS", "KILL", "RATE", "Fault", "Outcome", "run", "schedule"]
