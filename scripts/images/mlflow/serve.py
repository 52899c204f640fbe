"""Starts MLflow's tracking server; first creates its artifact bucket if LocalStack has none.

Environment: ARTIFACT_BUCKET, AWS_ENDPOINT_URL, credentials; ALLOWED_HOSTS (comma-separated, `host` and `host:port`).
"""

import os
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

DEADLINE = 60.0


def make_bucket(bucket: str) -> None:
    """Create the bucket unless it exists; wait for the endpoint until DEADLINE seconds have passed.

    Args:
        bucket: name of the bucket.
    """
    config = Config(
        s3={"addressing_style": "path"}, connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 1}
    )
    s3 = boto3.client("s3", config=config)
    region = s3.meta.region_name
    location = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    deadline = time.monotonic() + DEADLINE
    while True:
        try:
            s3.create_bucket(Bucket=bucket, **location)
        except s3.exceptions.BucketAlreadyOwnedByYou:
            return
        except (BotoCoreError, ClientError) as error:
            if time.monotonic() > deadline:
                sys.exit(f"error: the bucket {bucket} cannot be made at {s3.meta.endpoint_url}: {error}\n"
                         "next:  look at LocalStack's log: docker compose logs localstack")  # fmt: skip
            time.sleep(0.5)
        else:
            return


def main() -> None:
    """Create the bucket, then exec the server."""
    bucket = os.environ["ARTIFACT_BUCKET"]
    make_bucket(bucket)
    command = ["mlflow", "server", "--host", "0.0.0.0", "--port", "5000", "--workers", "1"]  # noqa: S104 (a container)
    command += ["--backend-store-uri", "sqlite:////mlflow/mlflow.db"]
    command += ["--artifacts-destination", f"s3://{bucket}", "--serve-artifacts"]
    command += ["--allowed-hosts", os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1")]
    os.execvp(command[0], command)  # noqa: S606 (no shell: signals must reach the server)


if __name__ == "__main__":
    main()
