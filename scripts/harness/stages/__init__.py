"""Stages on AWS: the same modules as on one machine, applied with plain Terraform to a real account.

Everything fails closed: a command ends before it changes anything if it could reach another account, region or endpoint
than the stage's own. The rehearsal takes the same path against a LocalStack and differs in `Access.endpoint_url` only.
"""
