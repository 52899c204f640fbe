"""A running stack: its saved state, and clients of its endpoint."""
