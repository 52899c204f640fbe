"""Snapshots of a stack: its whole state as one file, and back in seconds, without Terraform."""
