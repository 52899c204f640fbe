"""Keeps the streams in an SQLite file under PERSISTENCE=1."""
