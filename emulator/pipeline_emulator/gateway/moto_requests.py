"""Makes moto read a JSON request as core does: operation and parameters only from X-Amz-Target and the body.

moto serves CloudWatch Logs and much of ECR, and reads the HTTP request a second time. It prefers what looks like a
query string, in the URL, in the headers or between two `&` in the body, to the JSON. So a request could name one log
group for core, which authorizes it, and another for moto. A message with `&logGroupName=x&` went to another group.
"""

from collections import OrderedDict
from collections.abc import Callable
from functools import cache
from typing import Any

from localstack.aws.spec import load_service

from pipeline_emulator import patches


def install() -> None:
    """Ignore query strings in the JSON requests that moto reads."""

    @patches.READ_NO_QUERY.wrap
    def setup_class(original: Callable[..., None], self: Any, *arguments: Any, **options: Any) -> None:
        original(self, *arguments, **options)
        if _is_json(self.service_name):
            self.querystring = self.data = OrderedDict()

    @patches.READ_TARGET.wrap
    def get_action(original: Callable[..., str], self: Any) -> str:
        target = self.headers.get("X-Amz-Target") if _is_json(self.service_name) else None
        return str(target).rpartition(".")[2] if target else original(self)


@cache
def _is_json(service: str | None) -> bool:
    return service is not None and load_service(service).protocol == "json"
