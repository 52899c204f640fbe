"""Predicts how many minutes taxi rides take: one call of the model for a batch of events."""

import base64
import datetime as dt
import json
import os
import random
import time
from collections import Counter, defaultdict

import boto3
import numpy as np
import onnxruntime

FEATURES = ("PULocationID", "DOLocationID", "trip_distance")
ZONES, LONGEST_MILES, LONGEST_ID = 265, 1000, 256  # an id becomes a partition key
ATTEMPTS = 8  # 26 s at most; then the mapping delivers the batch again
BUCKET, RUN_ID = os.environ["MODEL_BUCKET"], os.environ["RUN_ID"]

kinesis, s3 = boto3.client("kinesis"), boto3.client("s3")


class InvalidRideError(Exception):
    """The event can never be predicted. Arguments: the reason's code, and the reason."""


def _load():
    """Read the run's model, which MLflow's classic layout puts at <experiment>/<run id>/artifacts/model."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    [key] = [key for key in keys if key.endswith(f"/{RUN_ID}/artifacts/model/model.onnx")]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    content = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


model = _load()


def handler(batch, _context):
    rides, answers = [], []
    for record in batch["Records"]:
        data = base64.b64decode(record["kinesis"]["data"])
        try:
            rides.append((*_read(data), record["eventID"]))
        except InvalidRideError as invalid:
            _keep(record, data, *invalid.args)
    if not rides:
        return
    [minutes] = model.run(None, {"features": np.array([features for features, _, _ in rides], dtype=np.float32)})
    for value, (_, ride_id, event_id) in zip(minutes.reshape(-1), rides, strict=True):
        prediction = {"ride_duration": float(str(value)), "ride_id": ride_id}  # 12.3, not 12.300000190734863
        answer = {"model": "ride_duration", "version": RUN_ID, "prediction": prediction, "event_id": event_id}
        answers.append({"Data": json.dumps(answer).encode(), "PartitionKey": str(ride_id)})
    _put(answers)


def _read(data):
    """Return a ride's features and id."""
    try:
        event = json.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise InvalidRideError("not_json", f"not JSON: {error}") from None
    if not isinstance(event, dict) or not isinstance(event.get("ride"), dict):
        raise InvalidRideError("no_ride", "the event is not an object with an object `ride`")
    *zones, miles = (event["ride"].get(name) for name in FEATURES)
    if not all(type(zone) is int and 1 <= zone <= ZONES for zone in zones):
        raise InvalidRideError("wrong_zone", f"PULocationID and DOLocationID must be integers from 1 to {ZONES}")
    if type(miles) not in (int, float) or not 0 <= miles <= LONGEST_MILES:  # NaN is not either
        raise InvalidRideError("wrong_distance", f"trip_distance must be a number of miles from 0 to {LONGEST_MILES}")
    return (*zones, miles), _id(event.get("ride_id"))


def _id(value):
    try:
        if type(value) in (int, str) and 1 <= len(str(value).encode("utf-16-le")) // 2 <= LONGEST_ID:
            return value
    except UnicodeEncodeError:  # JSON allows half a surrogate pair, Kinesis does not
        pass
    raise InvalidRideError("wrong_id", f"ride_id must be an integer or a text of 1 to {LONGEST_ID} characters")


def _keep(record, data, code, reason):
    """Write an invalid event to the failed-events bucket, in the form that `make redrive` reads."""
    kinesis_record, event_id = record["kinesis"], record["eventID"]
    arrived = dt.datetime.fromtimestamp(kinesis_record["approximateArrivalTimestamp"], dt.UTC)
    try:
        payload = {"payload": data.decode(), "payload_encoding": "utf-8"}
    except UnicodeDecodeError:
        payload = {"payload": base64.b64encode(data).decode(), "payload_encoding": "base64"}
    document = payload | {
        "event_id": event_id,
        "reason": reason,
        "reason_code": code,
        "failed_at": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
        "arrived_at": arrived.isoformat(timespec="milliseconds"),
        "partition_key": kinesis_record["partitionKey"],
        "sequence_number": kinesis_record["sequenceNumber"],
        "stream_arn": record["eventSourceARN"],
    }
    key = f"invalid/{arrived:%Y/%m/%d}/{event_id.replace(':', '_')}.json"  # the same at every retry
    s3.put_object(Bucket=os.environ["FAILED_EVENTS_BUCKET"], Key=key, Body=json.dumps(document).encode())


def _put(answers):
    """Write the answers. A call has each id once: Kinesis may refuse its first record and take the second."""
    seen, calls = Counter(), defaultdict(list)
    for answer in answers:
        calls[seen[answer["PartitionKey"]]].append(answer)
        seen[answer["PartitionKey"]] += 1
    for records in calls.values():
        for attempt in range(ATTEMPTS):
            result = kinesis.put_records(StreamName=os.environ["PREDICTIONS_STREAM_NAME"], Records=records)
            records = [record for record, one in zip(records, result["Records"], strict=True) if "ErrorCode" in one]
            if not records:
                break
            time.sleep(random.uniform(0, 0.1 * 2**attempt))
        else:
            raise RuntimeError(f"{len(records)} answers were throttled {ATTEMPTS} times")  # all are tried again
