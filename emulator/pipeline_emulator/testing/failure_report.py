"""What the report of a failed test shows: logs, denials and failed events."""

from collections.abc import Callable, Iterator
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError

from pipeline_emulator.launcher.errors import EmulatorError
from pipeline_emulator.testing.emulator import Emulator
from pipeline_emulator.testing.ledger import Ledger

_LOG_LINES, _DENIALS, _OBJECTS, _BYTES = 30, 20, 5, 2000


def sections(emulator: Emulator, since: datetime, ledger: Ledger | None = None) -> list[tuple[str, str]]:
    """Return titles and texts about what has happened since a time; never raises."""
    counted = list(_counted(ledger)) if ledger is not None else []
    if emulator.endpoint_url is None:
        return counted
    makers: dict[str, Callable[[Emulator, datetime], Iterator[str]]] = {
        "the functions' logs": _function_logs,
        "the end of the emulator's log": _log,
        "what IAM did not allow": _denials,
        "failure destinations": _failed_events,
    }
    found = counted
    for title, make in makers.items():
        try:
            text = "\n".join(make(emulator, since))
        except (EmulatorError, ClientError, BotoCoreError, OSError) as error:
            text = f"cannot be read: {error}"
        if text:
            found.append((title, text))
    return found


def _counted(ledger: Ledger) -> Iterator[tuple[str, str]]:
    put, answers = len(ledger.events), len(ledger.answers)
    if put or answers:
        told = ledger.last_verdict or "no verdict was asked for"
        yield "the ledger", f"{put} events put, {answers} answers collected\n{told}"


def _log(emulator: Emulator, _since: datetime) -> Iterator[str]:
    if emulator.log is not None:
        lines = emulator.log().splitlines()
        yield from [line for line in lines if not line.endswith("=> 200")][-_LOG_LINES:]


def _function_logs(emulator: Emulator, since: datetime) -> Iterator[str]:
    logs = emulator.client("logs")
    for group in logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/")["logGroups"]:
        name = group["logGroupName"]
        found = logs.filter_log_events(logGroupName=name, startTime=int(since.timestamp() * 1000))["events"]
        yield from [f"{name.removeprefix('/aws/lambda/')}: {each['message'].rstrip()}" for each in found[-_LOG_LINES:]]


def _denials(emulator: Emulator, since: datetime) -> Iterator[str]:
    for each in emulator.denials()[-_DENIALS:]:
        if datetime.fromisoformat(each["last"]) >= since:
            outcome = "refused" if each["refused"] else "served"
            yield f"{each['action']} on {each['resource']} by {each['principal']} ({outcome}): {each['explanation']}"


def _failed_events(emulator: Emulator, since: datetime) -> Iterator[str]:
    """Yield the newest entries in the failure destinations of all event source mappings, without consuming them."""
    destinations = {
        str(mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination") or "")
        for mapping in emulator.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    }
    for arn in sorted(destinations - {""}):
        service, name = arn.split(":")[2], arn.rpartition(":")[2]
        if service == "s3":
            yield from _objects(emulator, name, since)
        elif service == "sqs":
            sqs = emulator.client("sqs")
            asked = {"QueueUrl": sqs.get_queue_url(QueueName=name)["QueueUrl"]}
            count = sqs.get_queue_attributes(**asked, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
            yield f"queue {name}: {count['ApproximateNumberOfMessages']} messages"


def _objects(emulator: Emulator, bucket: str, since: datetime) -> Iterator[str]:
    s3 = emulator.client("s3")
    found = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    # S3 has whole seconds.
    new = sorted((each["LastModified"], each["Key"]) for each in found)
    new = [each for each in new if each[0] >= since.replace(microsecond=0)]
    for _, key in new[-_OBJECTS:]:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read(_BYTES)
        yield f"s3://{bucket}/{key}: {body.decode(errors='replace')}"
    if len(new) > _OBJECTS:
        yield f"s3://{bucket} has {len(new) - _OBJECTS} more"
