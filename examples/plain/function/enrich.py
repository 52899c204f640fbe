"""Adds the total to each order. An order that cannot be read fails its batch, which the mapping then splits."""

import base64
import json
import os

import boto3

kinesis = boto3.client("kinesis")


def handler(event, _context):
    records = [_enriched(record) for record in event["Records"]]
    answer = kinesis.put_records(StreamName=os.environ["OUTPUT"], Records=records)
    if answer["FailedRecordCount"]:
        raise RuntimeError(f"{answer['FailedRecordCount']} records were throttled")  # the whole batch is tried again


def _enriched(record):
    order = json.loads(base64.b64decode(record["kinesis"]["data"]))
    answer = {**order, "total": round(order["quantity"] * order["price"], 2), "event_id": record["eventID"]}
    return {"Data": json.dumps(answer), "PartitionKey": record["kinesis"]["partitionKey"]}
