"""The probes, by service; importing the package registers all of them."""

from benchmarks.fidelity.probes import alarms, buckets, functions, images, keys, logs, mapping, roles, streams

__all__ = ["alarms", "buckets", "functions", "images", "keys", "logs", "mapping", "roles", "streams"]
