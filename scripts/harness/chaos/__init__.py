"""Runs seeded schedules of faults over a steady stream of events and gives the ledger's verdict."""

from harness.chaos.experiment import EVENTS, RATE, Outcome, run
from harness.chaos.schedule import FAULTS, KILL, Fault, schedule

__all__ = ["EVENTS", "FAULTS", "KILL", "RATE", "Fault", "Outcome", "run", "schedule"]
