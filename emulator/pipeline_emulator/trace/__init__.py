"""Remembers what happened to events: the attempts of mappings, with their outcomes and IAM decisions."""
