"""The command `pipeline-emulator`: starts, finds and stops an emulator. It imports nothing from LocalStack.

LocalStack reads its environment when it is imported. It is started in an environment with little more than its
settings, because a user's `AWS_PROFILE` or `PYTHONPATH` can make it fail at the start.
"""
