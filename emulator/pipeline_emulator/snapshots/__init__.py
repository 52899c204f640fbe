"""Snapshots: the state of the whole emulator as one file, and back.

GET /_pipeline/snapshot returns it, PUT puts it into an emulator that is empty. Both need the token that the
environment variable PIPELINE_SNAPSHOT_TOKEN had at the start; without one there is no such interface. The file holds
every secret of the account, and loading one runs code that it names (pickle).
"""
