"""The local page of a pipeline: what runs, what happened to an event, and what went wrong.

A process of its own serves it (`python -m harness.dashboard`), which `local.page` starts and ends. It reads the stack
through HTTP only, with clients that can reach nothing but this machine.
"""
