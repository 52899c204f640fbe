"""aws_iam_role and aws_iam_role_policy."""

from __future__ import annotations

from typing import Any

from harness.fidelity.bench import Bench, refusal
from harness.fidelity.registry import probe
from harness.fidelity.verdicts import Seen

ANYBODY_HERE = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}, "Action": "sts:AssumeRole"}
ONLY_BUCKETS = {"Effect": "Allow", "Action": ["s3:ListAllMyBuckets"], "Resource": "*"}


@probe("aws_iam_role_policy", "policy", "role")
def role_policy(bench: Bench) -> Seen:
    """A role's session may do what its policy allows, and is refused anything else."""
    keys = _session(bench, bench.role(ONLY_BUCKETS, trust=ANYBODY_HERE)[1])
    allowed = refusal(bench.client("s3", **keys).list_buckets)
    other = refusal(bench.client("kinesis", **keys).list_streams)
    enforced = not allowed and "AccessDenied" in other
    return Seen(enforced, f"what the policy does not allow gets {other or 'through'}")


@probe("aws_iam_role", "assume_role_policy")
def trust_policy(bench: Bench) -> Seen:
    """Only whom the trust policy names may take the role on."""
    trusting, other = bench.role(trust=ANYBODY_HERE)[1], bench.role()[1]
    _session(bench, trusting)
    code = refusal(lambda: _session(bench, other))
    return Seen("AccessDenied" in code, f"a role that trusts Lambda alone, taken on by root: {code or 'goes through'}")


def _session(bench: Bench, role: str) -> dict[str, Any]:
    keys = bench.client("sts").assume_role(RoleArn=role, RoleSessionName="probe")["Credentials"]
    return {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
    }
