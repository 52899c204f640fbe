"""The command `pipeline-emulator`: starts, finds and stops an emulator. Imports nothing of LocalStack.

LocalStack reads its environment when it is imported, and starts in an environment that holds nothing but its settings:
an `AWS_PROFILE` or a `PYTHONPATH` of the user's can end it at its start.
"""
