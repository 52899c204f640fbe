"""Small changes to LocalStack's core and its web server: request times, S3's folder, work per request."""

import functools
from datetime import UTC, datetime
from pathlib import Path

from localstack import config
from twisted.web import http

from pipeline_emulator import patches


def keep_fractions() -> None:
    """Keep the fractions of epoch seconds in requests: LocalStack truncates them, AWS does not."""
    patches.KEEP_FRACTIONS.replace(staticmethod(lambda text: datetime.fromtimestamp(float(text), UTC)))


def use_own_s3_folder() -> None:
    """Store S3's objects in this LocalStack's own folder. Call it before S3 is loaded.

    Core uses one folder for every LocalStack on the machine, /tmp/localstack-s3-storage, with a subfolder per bucket
    name. Two LocalStacks with buckets of the same name deleted each other's objects, and a killed one left its objects
    behind.
    """
    folder = Path(config.dirs.tmp) / "s3"
    folder.mkdir(parents=True, exist_ok=True)
    patches.KEEP_OBJECTS_APART.replace(str(folder))


def reduce_request_overhead() -> None:
    """Cache parsed content types and turn off twisted's access log.

    Twisted parses each Content-Type with an e-mail library, although only a few different ones occur. Its access log
    goes nowhere; LocalStack writes its own. Measured with a sampling profiler under `make bench`: 10 % of the time
    under load.
    """
    patches.PARSE_CONTENT_TYPES_ONCE.replace(functools.lru_cache(maxsize=256)(http._parseContentType))
    patches.WRITE_NO_ACCESS_LOG.replace(lambda _site, _request: None)
