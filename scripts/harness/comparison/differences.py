"""Compares settings, and says what a difference means for what was proved locally."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.comparison.settings import Settings, names_of

ANOTHER_PACKAGE = "the same code in another package: not proved is what only an image or only a Zip has"
# By the beginning of a setting's name, the longest first. A setting without an entry proves nothing locally.
MEANINGS = {
    "mapping.State": "whether events are answered at all",
    "mapping": "delivery: batches, retries and what becomes of failed events",
    "function.PackageType": ANOTHER_PACKAGE,
    "function.Handler": ANOTHER_PACKAGE,
    "function.Runtime": ANOTHER_PACKAGE,
    "function.Architectures": "the wheels and the model's numbers, which were proved on the other architecture",
    "function.MemorySize": "whether the memory is enough, and the speed",
    "function.EphemeralStorage": "whether /tmp is large enough",
    "function.Timeout": "which batches time out",
    "function.Environment": "what the function does",
    "function.Layers": "what the function runs with",
    "function.ReservedConcurrentExecutions": "how many batches run at once, and throttling",
    "function.VpcConfig": "what the function reaches",
    "function.LoggingConfig": "where and how it logs",
    "source stream.StreamModeDetails": "throttling",
    "source stream.OpenShardCount": "order and rate: events of one key share a shard",
    "source stream.RetentionPeriodHours": "how long an event can wait before it is lost",
    "output stream.StreamModeDetails": "throttling",
    "output stream.OpenShardCount": "order and rate of the answers",
    "output stream.RetentionPeriodHours": "how long an answer can be read",
    "failed events.LifecycleRules": "how long a failed event can be redriven",
    "role": "least privilege, which was proved for the local policy",
}


@dataclass(frozen=True)
class Difference:
    """A setting that differs.

    Attributes:
        name: of the setting.
        here: the local value; None if it is not set.
        there: the stage's.
        matters: what was proved locally with another value; empty if nothing was.
    """

    name: str
    here: Any
    there: Any
    matters: str


def between(here: Settings, there: Settings) -> list[Difference]:
    """Return the settings that differ, those that matter first."""
    found = [
        Difference(name, here.get(name), there.get(name), meaning(name))
        for name in names_of(here, there)
        if here.get(name) != there.get(name)
    ]
    return sorted(found, key=lambda each: not each.matters)


def meaning(name: str) -> str:
    """Return what a difference in a setting means for what was proved locally; empty if nothing."""
    fitting = [start for start in MEANINGS if name == start or name.startswith(f"{start}.")]
    return MEANINGS[max(fitting, key=len)] if fitting else ""
