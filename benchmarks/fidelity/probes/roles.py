"""aws_iam_role and aws_iam_role_policy."""

from __future__ import annotations

from benchmarks.fidelity.bench import TRUST_HERE, Bench, refusal
from benchmarks.fidelity.bindings import probe
from benchmarks.fidelity.verdicts import Seen

ONLY_BUCKETS = {"Effect": "Allow", "Action": ["s3:ListAllMyBuckets"], "Resource": "*"}


@probe("aws_iam_role_policy", "policy", "role")
def role_policy(bench: Bench) -> Seen:
    """A role's session may do what its policy allows; everything else is refused."""
    keys = bench.role_credentials(ONLY_BUCKETS)
    allowed = refusal(bench.client("s3", **keys).list_buckets)
    other = refusal(bench.client("kinesis", **keys).list_streams)
    enforced = not allowed and "AccessDenied" in other
    return Seen(enforced, f"a request that the policy does not allow gets {other or 'through'}")


@probe("aws_iam_role", "assume_role_policy")
def trust_policy(bench: Bench) -> Seen:
    """Only principals in the trust policy may assume the role."""
    trusting, other = bench.role(trust=TRUST_HERE)[1], bench.role()[1]
    may_assume = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    caller = bench.role_credentials(may_assume)
    bench.session(trusting, **caller)
    code = refusal(lambda: bench.session(other, **caller))
    what = "a caller allowed to assume any role, assuming one that trusts only Lambda,"
    return Seen("AccessDenied" in code, f"{what} gets {code or 'through'}")
