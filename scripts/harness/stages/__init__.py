"""Stages on AWS: the same modules as on one machine, applied with plain Terraform to a real account.

Everything here fails closed: what could reach another account, region or endpoint than the stage's own ends the command
before anything is changed. The rehearsal goes the same way against a LocalStack; its one difference is
`Access.endpoint_url`.
"""
