"""Puts records to streams with a Kinesis Producer Library until its standard input closes.

usage: produce.py ENDPOINT_URL REGION STREAM…; prints the acknowledged data by stream, as JSON.
"""

import json
import sys
import threading
import time
from typing import Any

from aiokpl import Config, SyncProducer

PAUSE_SECONDS = 0.02
DEADLINE_SECONDS = 20

endpoint_url, region, *streams = sys.argv[1:]
config = Config(
    region=region, endpoint_url=endpoint_url, aws_access_key_id="test", aws_secret_access_key="test", verify_ssl=False
)
ended = threading.Event()


def wait_for_end() -> None:
    sys.stdin.read()
    ended.set()


threading.Thread(target=wait_for_end, daemon=True).start()
put: list[tuple[str, str, Any]] = []
with SyncProducer(config) as producer:
    while not ended.is_set():
        for stream in streams:
            data = f"aggregated-{len(put)}"
            outcome = producer.put_record(stream=stream, partition_key=data, data=data.encode())
            put.append((stream, data, outcome))
        time.sleep(PAUSE_SECONDS)
    producer.flush(timeout=DEADLINE_SECONDS)
    acknowledged: dict[str, list[str]] = {stream: [] for stream in streams}
    for stream, data, outcome in put:
        if not outcome.wait(DEADLINE_SECONDS).success:
            sys.exit(f"{data} was not put: {outcome.wait(0).attempts}")
        acknowledged[stream].append(data)
print(json.dumps(acknowledged), flush=True)
