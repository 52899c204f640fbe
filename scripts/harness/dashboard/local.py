"""The stack that the page shows, and clients for it that are kept between requests."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from harness.errors import NoAnswerError
from harness.stack import mapping
from harness.stack import state as stacks
from harness.stack.clients import Clients
from harness.stack.state import Stack

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client

GONE = NoAnswerError("no pipeline runs here", "start it: make local-up")
ENDED = NoAnswerError("the pipeline's LocalStack has ended", "start it again: make local-up")
STARTING = NoAnswerError("the pipeline is still starting", "wait until make local-up has finished")
# boto3 sessions are not thread-safe while they make a client.
_making = threading.Lock()


@dataclass
class Local:
    """A stack as it is at the moment, with its clients. They can reach only 127.0.0.1."""

    stack: Stack
    _made: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def _clients(self) -> Clients:
        """The clients' one session, which shares its data among them: 30 MB."""
        return Clients(self.stack)

    def _client(self, service: str) -> Any:
        with _making:
            if service not in self._made:
                self._made[service] = getattr(self._clients, service)
            return self._made[service]

    @property
    def kinesis(self) -> KinesisClient:
        """Kinesis."""
        return self._client("kinesis")  # type: ignore[no-any-return]

    @property
    def s3(self) -> S3Client:
        """S3."""
        return self._client("s3")  # type: ignore[no-any-return]

    @property
    def functions(self) -> LambdaClient:
        """Lambda."""
        return self._client("functions")  # type: ignore[no-any-return]

    @property
    def logs(self) -> CloudWatchLogsClient:
        """CloudWatch Logs."""
        return self._client("logs")  # type: ignore[no-any-return]

    @cached_property
    def log_group(self) -> str:
        """Name of the function's log group."""
        if known := self.stack.outputs.get("log_group"):
            return str(known)
        found = self.functions.get_function_configuration(FunctionName=self.stack.resources.function)
        return mapping.log_group_of(found)


class Current:
    """Finds the stack anew whenever its state has changed: a stack is replaced while the page stays open.

    Args:
        name: the stack's name.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.Lock()
        self._known: Local | None = None

    def find(self) -> tuple[str, Stack | None]:
        """Return the phase (`gone`, `starting`, `ended` or `running`) and the stack, if there is one."""
        stack = stacks.load(self.name)
        if stack is None:
            return "gone", None
        if not stack.alive():
            return ("ended" if stack.ready else "starting"), stack
        return ("running" if stack.ready else "starting"), stack

    def local(self) -> Local:
        """Return the running stack.

        Raises:
            NoAnswerError: it does not run; the cause says why.
        """
        phase, stack = self.find()
        if stack is None or phase != "running":
            raise {"gone": GONE, "ended": ENDED}.get(phase, STARTING)
        with self._lock:
            if self._known is None or self._known.stack != stack:
                self._known = Local(stack)
            return self._known
