"""`pipeline compare`: what differs between a deployed stage and the local stack. It only reads."""

from harness.comparison.command import run

__all__ = ["run"]
