"""A stack that runs: what is remembered of it, and clients for it."""
