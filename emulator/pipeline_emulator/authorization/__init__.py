"""Authorizes requests: applies `pipeline_emulator.iam` to the state of this LocalStack.

`authentication` finds out who sent a request, `handler` authorizes every HTTP request, `role_use` the actions that
Lambda takes with a function's role. The account's root credentials (`test`) have all permissions, as elsewhere in
LocalStack.
"""
