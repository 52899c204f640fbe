"""Names of ECR's registries on AWS, and their counterpart on the emulator.

"https://aws_account_id.dkr.ecr.region.amazonaws.com":
https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html, and for endpoints with IPv6, FIPS and in China
https://docs.aws.amazon.com/general/latest/gr/ecr.html
"""

import re
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from pipeline_emulator.launcher.errors import EmulatorError

REGISTRY = re.compile(
    r"(?P<account>\d{12})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.(?:aws|amazonwebservices\.com\.cn))"
)
_REALM = re.compile(r'realm="https?://(?P<host>[^/"]+)')
_SECONDS = 10.0
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy cannot reach this machine's loopback


def is_registry(host: str) -> bool:
    """Return whether a host is one of ECR's registries on AWS."""
    return REGISTRY.fullmatch(host) is not None


def local_registry(endpoint_url: str) -> str:
    """Return `host:port` of the emulator's registry, with which its repository URIs begin.

    Args:
        endpoint_url: where AWS clients reach the emulator.

    Raises:
        EmulatorError: nothing answers there, or what answers has no registry.
    """
    try:
        with _direct.open(f"{endpoint_url.rstrip('/')}/v2/", timeout=_SECONDS):
            return urlsplit(endpoint_url).netloc
    except urllib.error.HTTPError as error:
        if match := _REALM.search(error.headers.get("WWW-Authenticate", "")):
            return match["host"]
        cause = f"{endpoint_url} has no registry: status {error.code}"
    except (OSError, ValueError) as error:
        cause = f"{endpoint_url} does not answer: {error}"
    raise EmulatorError(cause, "does the emulator run, and is AWS_ENDPOINT_URL its address?")
