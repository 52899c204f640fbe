"""Measures emulators: latency and throughput, conformance, fidelity; and the rivals to compare with."""
