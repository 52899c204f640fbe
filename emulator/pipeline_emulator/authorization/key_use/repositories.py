"""Repositories that ECR encrypts, with grants that it creates and retires on behalf of the caller.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html. ECR reads and writes images with the
grants, for every client.
"""

from typing import Any

from moto.ecr.models import ecr_backends

from pipeline_emulator.authorization.key_use.use import Use
from pipeline_emulator.iam.requests.call import Call


def of_ecr(call: Call) -> list[Use]:
    """Return the key uses of creating or deleting a repository."""
    name = call.text("repositoryName") or ""
    if call.operation == "CreateRepository":
        key = _key(call.parameters.get("encryptionConfiguration"))
        context = {"aws:ecr:arn": call.arn("ecr", f"repository/{name}")}
        bound = {"kms:grantisforawsresource": "true", "kms:grantconstrainttype": "EncryptionContextSubset"}
        return [Use("DescribeKey", key), Use("CreateGrant", key, context, bound)] if key else []
    account = call.text("registryId") or call.account
    repository: Any = ecr_backends[account][call.region].repositories.get(name)
    key = _key(repository.encryption_configuration) if repository else None
    return [Use("RetireGrant", key)] if key else []


def _key(configuration: Any) -> str | None:
    return configuration.get("kmsKey") if isinstance(configuration, dict) else None
