"""Stores the streams in an SQLite file (PERSISTENCE=1)."""
