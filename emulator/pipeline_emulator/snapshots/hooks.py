"""Hooks of the snapshots: each package saves and loads what LocalStack's stores do not hold."""

from pathlib import Path

from pipeline_emulator.hooks import Event

before_save: Event[[]] = Event()
"""A snapshot is about to be saved; requests are still served. What is pending can be written."""

save: Event[[Path]] = Event()
"""Write files into this folder. Nothing is under way."""

load: Event[[Path]] = Event()
"""Take over the files in this folder. LocalStack's stores are loaded, functions and mappings do not run yet."""
