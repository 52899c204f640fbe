"""A stage's key, and how streams and log groups use one."""

from __future__ import annotations

from benchmarks.fidelity.bench import ACCOUNT, EVERYTHING, Bench, refusal
from benchmarks.fidelity.bindings import probe, unprobed
from benchmarks.fidelity.verdicts import Seen
from harness.stack.state import REGION

KEY = "aws_kms_key"
unprobed(KEY, "enable_key_rotation", "a key is rotated once a year")
# KMS refuses a key policy without these, because nobody could change it any more.
ADMINISTERED = {
    "Effect": "Allow",
    "Principal": ACCOUNT,
    "Action": [f"kms:{action}*" for action in ("Create", "Describe", "Disable", "Put", "Schedule", "Update")],
    "Resource": "*",
}


@probe(KEY, "policy")
def key_policy(bench: Bench) -> Seen:
    """A role's own policy counts only if the key's policy delegates to the account."""
    kms = bench.client("kms", **bench.role_credentials(EVERYTHING))
    left = {**ADMINISTERED, "Action": "kms:Encrypt"}
    codes = [
        refusal(lambda key=key: kms.encrypt(KeyId=key, Plaintext=b"probe"))  # type: ignore[misc]
        for key in (bench.key(ADMINISTERED, left), bench.key(ADMINISTERED))
    ]
    right = not codes[0] and "AccessDenied" in codes[1]
    return Seen(right, f"a request that the key's policy allows to nobody gets {codes[1] or 'through'}")


@probe(KEY, "deletion_window_in_days")
def deletion_window(bench: Bench) -> Seen:
    """The provider passes it when it deletes the key; until that date the deletion can be cancelled."""
    kms = bench.client("kms")
    dates = [kms.schedule_key_deletion(KeyId=bench.key(), PendingWindowInDays=days)["DeletionDate"] for days in (7, 30)]
    apart = round((dates[1] - dates[0]).total_seconds() / 86400)
    key = bench.key()
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    used = refusal(lambda: kms.encrypt(KeyId=key, Plaintext=b"probe"))
    kms.cancel_key_deletion(KeyId=key)
    back = kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
    what = f"with 7 and 30 days the dates are {apart} days apart; until then its use gets {used or 'through'}"
    return Seen(
        apart == 23 and bool(used) and back == "Disabled",
        f"{what}, and after a cancelled deletion it is {back.lower()}",
    )


@probe("aws_kms_alias", "name", "target_key_id")
def alias(bench: Bench) -> Seen:
    """Encrypting with an alias uses the key that it points to at the time."""
    kms, name = bench.client("kms"), f"alias/{bench.name()}"
    keys = [bench.key(), bench.key()]
    ids = [key.rpartition("/")[2] for key in keys]
    kms.create_alias(AliasName=name, TargetKeyId=ids[0])
    used = [kms.encrypt(KeyId=name, Plaintext=b"probe")["KeyId"]]
    kms.update_alias(AliasName=name, TargetKeyId=ids[1])
    used.append(kms.encrypt(KeyId=name, Plaintext=b"probe")["KeyId"])
    kms.delete_alias(AliasName=name)
    return Seen(used == keys, f"an alias uses {'the key it points to' if used == keys else 'another key'}")


@probe("aws_kinesis_stream", "encryption_type", "kms_key_id")
def stream(bench: Bench) -> Seen:
    """Records of a stream with a key can be written and read only while the key is enabled."""
    kinesis, name, key = bench.client("kinesis"), bench.stream(), bench.key()
    kinesis.start_stream_encryption(StreamName=name, EncryptionType="KMS", KeyId=key)
    bench.until_active(name)
    record = {"StreamName": name, "Data": b"probe", "PartitionKey": "key"}
    before = kinesis.put_record(**record).get("EncryptionType")
    bench.client("kms").disable_key(KeyId=key)
    code = refusal(lambda: kinesis.put_record(**record))
    return Seen(before == "KMS" and bool(code), f"with a disabled key, a record gets {code or 'through'}")


@probe("aws_cloudwatch_log_group", "kms_key_id")
def log_group(bench: Bench) -> Seen:
    """The key's policy must let CloudWatch Logs use it."""
    logs = bench.client("logs")
    service = {"Effect": "Allow", "Principal": {"Service": f"logs.{REGION}.amazonaws.com"}, "Action": "kms:*"}
    codes = [
        refusal(lambda key=key: logs.create_log_group(logGroupName=bench.name(), kmsKeyId=key))  # type: ignore[misc]
        for key in (bench.key(ADMINISTERED, {**service, "Resource": "*"}), bench.key(ADMINISTERED))
    ]
    right = not codes[0] and bool(codes[1])
    return Seen(right, f"a group with a key that is closed to CloudWatch Logs gets {codes[1] or 'through'}")
