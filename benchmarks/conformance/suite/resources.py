"""The journal function with its role and its bucket, which a target needs before any test."""

import contextlib
import io
import json
import os
import uuid
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

FUNCTION = Path(__file__).with_name("journal_function.py")
TIMEOUT_SECONDS = 30
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


class Journal(NamedTuple):
    """The journal function, its role and its bucket, all with the same name."""

    name: str
    role_arn: str


def create_journal(target: Any, name: str = "") -> Journal:
    """Create role, bucket and function if absent, named `name` or a new name; return once the function is active."""
    name = name or f"conformance-{uuid.uuid4().hex[:8]}"
    role_arn = _create_role(target, name)
    s3, functions = target.client("s3"), target.client("lambda")
    region = s3.meta.region_name
    place = {"CreateBucketConfiguration": {"LocationConstraint": region}} if region != "us-east-1" else {}
    with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=name, **place)
    package = _package()

    def created() -> bool:
        try:
            functions.create_function(
                FunctionName=name,
                Role=role_arn,
                **package,
                Timeout=TIMEOUT_SECONDS,
                MemorySize=256,
                Environment={"Variables": {"JOURNAL_BUCKET": name}},
            )
        except functions.exceptions.ResourceConflictException:
            return True
        except functions.exceptions.InvalidParameterValueException as error:
            if "assumed" not in str(error):  # AWS takes some seconds to see a new role
                raise
            return False
        return True

    target.eventually(created, "a role that Lambda can assume")
    target.eventually(
        lambda: functions.get_function_configuration(FunctionName=name)["State"] == "Active", "an active function"
    )
    return Journal(name, role_arn)


def _package() -> dict[str, Any]:
    """Return the function's code: a Zip, or the target's replacement for it (target.py)."""
    if given := os.environ.get("CONFORMANCE_PACKAGE"):
        package: dict[str, Any] = json.loads(given)
        return package
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.write(FUNCTION, FUNCTION.name)
    return {"Runtime": "python3.13", "Handler": f"{FUNCTION.stem}.handler", "Code": {"ZipFile": code.getvalue()}}


def _create_role(target: Any, name: str) -> str:
    iam = target.client("iam")
    trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    rights = [
        ("kinesis:*", f"arn:aws:kinesis:*:*:stream/{name}-*"),
        ("kinesis:ListStreams", "*"),
        ("s3:*", f"arn:aws:s3:::{name}"),
        ("s3:*", f"arn:aws:s3:::{name}/*"),
        ("sqs:*", f"arn:aws:sqs:*:*:{name}-*"),
        ("logs:*", "*"),
    ]
    statements = [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in rights]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName=name, PolicyName="conformance", PolicyDocument=policy)
    return str(iam.get_role(RoleName=name)["Role"]["Arn"])


def delete_journal(target: Any, journal: Journal) -> None:
    """Delete function, bucket and role."""
    target.client("lambda").delete_function(FunctionName=journal.name)
    s3 = target.client("s3")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=journal.name):
        for entry in page.get("Contents", []):
            s3.delete_object(Bucket=journal.name, Key=entry["Key"])
    s3.delete_bucket(Bucket=journal.name)
    iam = target.client("iam")
    iam.delete_role_policy(RoleName=journal.name, PolicyName="conformance")
    iam.delete_role(RoleName=journal.name)
