"""Keys that services use for whoever makes a request: on AWS they ask KMS with the caller's permissions.

https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service. Nothing is
encrypted here. Keys that AWS manages for a service serve everybody of the account, so nothing is asked for them.
"""
