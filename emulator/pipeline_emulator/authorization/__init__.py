"""Authorizes requests: applies `pipeline_emulator.iam` to the state of this LocalStack.

`handler` authorizes every HTTP request, `role_use` what Lambda does with a function's role. The account's root
credentials (`test`) may do everything, as anywhere in LocalStack.
"""
