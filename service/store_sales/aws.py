"""Makes clients of AWS from one botocore session; a cold start waits for nothing else as long.

boto3 makes its clients with botocore as well. Its own layer, of resources and file transfers, takes 0.1 s to import.
"""

import gzip
from typing import TYPE_CHECKING, Any, cast

import msgspec
from botocore.config import Config
from botocore.loaders import JSONFileLoader, Loader
from botocore.session import Session

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_s3 import S3Client

SERVICES = ["kinesis", "s3"]


class _JsonFiles(JSONFileLoader):
    """Reads the services' descriptions with msgspec; those of S3 have more than a megabyte."""

    def load_file(self, file_path: str) -> Any:
        for suffix, opened in ((".json", open), (".json.gz", gzip.open)):
            try:
                with opened(file_path + suffix, "rb") as file:
                    return msgspec.json.decode(file.read())
            except FileNotFoundError:
                continue
        return None


class _Descriptions(Loader):
    """Knows the services that the function uses; botocore looks through the folders of all 400."""

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 - botocore's signature
        return SERVICES


class Aws:
    """The session; not thread-safe."""

    def __init__(self) -> None:
        """Take region, credentials and endpoint from the environment, as boto3 does."""
        self._session = Session()
        self._session.register_component("data_loader", _Descriptions(file_loader=_JsonFiles()))

    def s3(self, config: Config) -> "S3Client":
        """Make a client of S3."""
        return cast("S3Client", self._session.create_client("s3", config=config))

    def kinesis(self, config: Config) -> "KinesisClient":
        """Make a client of Kinesis."""
        return cast("KinesisClient", self._session.create_client("kinesis", config=config))
