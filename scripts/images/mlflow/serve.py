"""Starts MLflow's tracking server, and beside it creates its artifact bucket unless LocalStack has it.

LocalStack starts at the same time: the server is healthy once the bucket exists, which it marks by a file.
Environment: ARTIFACT_BUCKET, AWS_ENDPOINT_URL, credentials; ALLOWED_HOSTS (comma-separated, `host` and `host:port`).
"""

import os
import shutil
import signal
import sys
import time
from pathlib import Path

DEADLINE = 180.0
BUCKET_EXISTS = Path("/tmp/bucket-exists")  # noqa: S108 - the health check in the Dockerfile looks for it
EMPTY_DATABASE, DATABASE = Path("/opt/mlflow/empty.db"), Path("/mlflow/mlflow.db")


def make_bucket(bucket: str) -> None:
    """Create the bucket unless it exists; wait for the endpoint until DEADLINE seconds have passed.

    Args:
        bucket: name of the bucket.
    """
    import boto3  # here, because the server's process does without them
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

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


def make_bucket_beside(server: int, bucket: str) -> None:
    """Create the bucket; end the server, and with it the container, if that fails."""
    try:
        make_bucket(bucket)
        BUCKET_EXISTS.touch()
    except BaseException:
        os.kill(server, signal.SIGKILL)
        raise


def main() -> None:
    """Create the bucket in a process of its own, and exec the server."""
    bucket, server = os.environ["ARTIFACT_BUCKET"], os.getpid()
    child = os.fork()
    if child == 0:
        if os.fork() == 0:
            make_bucket_beside(server, bucket)
        return  # the container's init adopts the other: the server would not wait for it
    os.waitpid(child, 0)
    if not DATABASE.exists():
        shutil.copyfile(EMPTY_DATABASE, DATABASE)
    command = ["mlflow", "server", "--host", "0.0.0.0", "--port", "5000", "--workers", "1"]  # noqa: S104 (a container)
    command += ["--backend-store-uri", f"sqlite:///{DATABASE}"]
    command += ["--artifacts-destination", f"s3://{bucket}", "--serve-artifacts"]
    command += ["--allowed-hosts", os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1")]
    os.execvp(command[0], command)  # noqa: S606 (no shell: signals must reach the server)


if __name__ == "__main__":
    main()
