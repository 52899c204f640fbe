"""Lets a debugger attach to a function: its events are then answered by one environment, whose clock stands still."""
