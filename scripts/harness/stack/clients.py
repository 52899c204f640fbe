"""AWS clients that can reach only the local stack they were made for."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import boto3
import botocore.session
from botocore.config import Config
from botocore.loaders import Loader, create_loader

from harness.stack.state import Stack

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client

# LocalStack answers within milliseconds; without timeouts a hanging call would hang the harness.
CONFIG = Config(connect_timeout=5, read_timeout=60, retries={"max_attempts": 4, "mode": "standard"})


@cache
def _loader() -> Loader:
    """Return what reads the services' models, and remembers them: a tenth of a second each."""
    return create_loader()


class Clients:
    """Clients of one stack, with the root credentials of the local account."""

    def __init__(self, stack: Stack) -> None:
        session = botocore.session.Session()
        session.register_component("data_loader", _loader())
        self._session = boto3.session.Session("test", "test", region_name=stack.region, botocore_session=session)
        self._endpoint = stack.endpoint_url

    @property
    def kinesis(self) -> KinesisClient:
        """Kinesis."""
        return self._session.client("kinesis", endpoint_url=self._endpoint, config=CONFIG)

    @property
    def s3(self) -> S3Client:
        """S3, with the bucket in the path, because the endpoint is an IP address."""
        config = CONFIG.merge(Config(s3={"addressing_style": "path"}))
        return self._session.client("s3", endpoint_url=self._endpoint, config=config)

    @property
    def ecr(self) -> ECRClient:
        """ECR."""
        return self._session.client("ecr", endpoint_url=self._endpoint, config=CONFIG)

    @property
    def functions(self) -> LambdaClient:
        """Lambda."""
        return self._session.client("lambda", endpoint_url=self._endpoint, config=CONFIG)

    @property
    def logs(self) -> CloudWatchLogsClient:
        """CloudWatch Logs."""
        return self._session.client("logs", endpoint_url=self._endpoint, config=CONFIG)

    @property
    def cloudwatch(self) -> CloudWatchClient:
        """CloudWatch."""
        return self._session.client("cloudwatch", endpoint_url=self._endpoint, config=CONFIG)

    @property
    def iam(self) -> IAMClient:
        """IAM."""
        return self._session.client("iam", endpoint_url=self._endpoint, config=CONFIG)
