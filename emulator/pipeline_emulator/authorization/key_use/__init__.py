"""Authorizes the KMS keys that services use with the caller's permissions.

https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service. The emulator
encrypts nothing. Keys that AWS manages for a service are open to the whole account, so they are not checked.
"""
