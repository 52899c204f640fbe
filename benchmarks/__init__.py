"""What measures emulators: latency and throughput, conformance, fidelity, and the rivals they are compared with."""
