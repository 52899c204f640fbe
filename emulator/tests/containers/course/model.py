"""Predicts how long a ride takes, from a line fitted elsewhere and kept in S3."""

import base64
import json
from dataclasses import dataclass
from typing import Any

import boto3
import jmespath


@dataclass
class Service:
    run_id: str
    minutes: float
    minutes_per_mile: float
    predictions_stream: str

    def answer(self, event: dict[str, Any]) -> dict[str, Any]:
        answers = [self.predict(json.loads(base64.b64decode(data))) for data in jmespath.search(DATA, event)]
        for answer in answers:
            boto3.client("kinesis").put_record(
                StreamName=self.predictions_stream, Data=json.dumps(answer), PartitionKey=str(answer["ride_id"])
            )
        return {"predictions": answers}

    def predict(self, record: dict[str, Any]) -> dict[str, Any]:
        duration = self.minutes + self.minutes_per_mile * record["ride"]["trip_distance"]
        return {"model": "ride_duration", "version": self.run_id, "duration": duration, "ride_id": record["ride_id"]}


DATA = "Records[].kinesis.data"


def load(bucket: str, run_id: str, predictions_stream: str) -> Service:
    stored = boto3.client("s3").get_object(Bucket=bucket, Key=f"1/{run_id}/artifacts/model/line.json")
    return Service(run_id, predictions_stream=predictions_stream, **json.load(stored["Body"]))
