"""The register of all that changes somebody else's code: LocalStack, rolo and twisted.

Modules apply a patch through its entry here, never by themselves. An entry knows how the patched place looked in the
version it was written for. A place that looks otherwise is reported when the patch is applied: the patch may not fit
any more.
"""

import contextlib
import functools
import hashlib
import importlib
import importlib.metadata
import inspect
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

LOG = logging.getLogger(__name__)
_DIGITS = 12
_MISSING = "missing"


class PatchError(Exception):
    """The place that a patch changes is not there."""


@dataclass(frozen=True)
class Patch:
    """One change.

    Attributes:
        target: the place, `module:name` or `module:Class.name`.
        what: is changed.
        why: there is no other way, or what was wrong.
        seen: the distribution and version this was written for, `name version`.
        looks: the place in that version: the beginning of its source's SHA-256, or the type of what has no source.
    """

    target: str
    what: str
    why: str
    seen: str
    looks: str

    def wrap[F: Callable[..., Any]](self, replacement: F) -> F:
        """Put a function in place of another, which it gets as its first argument. To be used as a decorator."""
        original = self._checked()

        @functools.wraps(original)
        def patched(*args: Any, **kwargs: Any) -> Any:
            return replacement(original, *args, **kwargs)

        self._set(patched)
        return replacement

    def replace(self, value: Any) -> None:
        """Put a value in place of another."""
        self._checked()
        self._set(value)

    def append(self, handler: Any) -> None:
        """Add a handler at the end of a list of them."""
        self._checked().append(handler)

    @contextlib.contextmanager
    def replaced(self, value: Any) -> Iterator[None]:
        """Put a value in place of another while the context lasts."""
        original = self._checked()
        self._set(value)
        try:
            yield
        finally:
            self._set(original)

    def problem(self) -> str | None:
        """Return in one line what is not as expected; None when all is."""
        found = self._look()
        if found == self.looks:
            return None
        name = self.seen.rpartition(" ")[0]
        return (
            f"The patch of {self.target} ({self.what}) is for {self.seen}; {_installed(name)} is installed, and"
            f" the place looks different ({found}, not {self.looks}). Check that the patch still fits, then update its"
            " entry in pipeline_emulator/patches.py."
        )

    def _checked(self) -> Any:
        """Return what is there now, and report what is not as expected.

        Raises:
            PatchError: there is nothing to change.
        """
        if problem := self.problem():
            if self._look() == _MISSING:
                raise PatchError(problem)
            LOG.error("%s", problem)
        owner, name = self._place()
        return getattr(owner, name)

    def _place(self) -> tuple[Any, str]:
        module, _, path = self.target.partition(":")
        *parents, name = path.split(".")
        return functools.reduce(getattr, parents, importlib.import_module(module)), name

    def _look(self) -> str:
        try:
            owner, name = self._place()
            found = getattr(owner, name)
        except (ImportError, AttributeError):
            return _MISSING
        if not callable(found) or not hasattr(found, "__qualname__"):
            return type(found).__name__
        try:
            return hashlib.sha256(inspect.getsource(found).encode()).hexdigest()[:_DIGITS]
        except OSError:
            return "without source"

    def _set(self, value: Any) -> None:
        owner, name = self._place()
        setattr(owner, name, value)


def _installed(name: str) -> str:
    try:
        return f"{name} {importlib.metadata.version(name)}"
    except importlib.metadata.PackageNotFoundError:
        return f"no {name}"


def register() -> dict[str, Patch]:
    """Return all patches by their names."""
    return {name: value for name, value in globals().items() if isinstance(value, Patch)}


def problems() -> list[str]:
    """Return what is not as expected of any patch, also of those that are not in use; imports what they change."""
    return [problem for patch in register().values() if (problem := patch.problem())]


_CORE = "localstack-core 2026.3.0"
_LAMBDA = "localstack.services.lambda_"
_CLOUDWATCH = "localstack.services.cloudwatch"

# Every request and answer.

AUTHORIZE = Patch(
    "localstack.aws.handlers:serve_custom_service_request_handlers",
    what="requests are authorized before a service gets them",
    why="core without a licence evaluates no policy",
    seen=_CORE,
    looks="CompositeHandler",
)
FORGET_CALLERS = Patch(
    "localstack.aws.handlers:run_custom_response_handlers",
    what="callers are put together anew after a change of IAM",
    why="IAM's provider reports its changes to nobody",
    seen=_CORE,
    looks="CompositeResponseHandler",
)
REMEMBER_CALLER = Patch(
    "localstack.aws.handlers:serve_custom_service_request_handlers",
    what="account and region of a request are kept for the look-up of a function's image",
    why="core looks an image up by its URI alone",
    seen=_CORE,
    looks="CompositeHandler",
)
REFUSE_REQUESTS = Patch(
    "localstack.aws.handlers:serve_custom_service_request_handlers",
    what="injected faults refuse requests",
    why="only a handler sees requests of all services",
    seen=_CORE,
    looks="CompositeHandler",
)
LOSE_ANSWERS = Patch(
    "localstack.aws.handlers:run_custom_response_handlers",
    what="injected faults take answers away",
    why="only a handler sees answers of all services",
    seen=_CORE,
    looks="CompositeResponseHandler",
)
KEEP_FRACTIONS = Patch(
    "localstack.aws.protocol.parser:RequestParser._timestamp_unixtimestamp",
    what="times keep their fractions of a second",
    why="core cuts them to whole seconds, and AWS answers for the moment itself",
    seen=_CORE,
    looks="1a5b841a87f0",
)

# The gateway's server.

BIND_TO_ADDRESSES = Patch(
    "twisted.internet.endpoints:TCP4ServerEndpoint",
    what="the gateway listens on the addresses of GATEWAY_LISTEN only",
    why="core's server listens on every interface",
    seen="localstack-twisted 25.5.0",
    looks="0680fe81487a",
)
PARSE_CONTENT_TYPES_ONCE = Patch(
    "twisted.web.http:_parseContentType",
    what="parsed content types are cached",
    why="twisted parses each request's with an e-mail library",
    seen="localstack-twisted 25.5.0",
    looks="5b5206bbb013",
)
WRITE_NO_ACCESS_LOG = Patch(
    "rolo.serving.twisted:TwistedGateway.log",
    what="twisted writes no access log",
    why="it goes nowhere, and LocalStack writes one itself",
    seen="rolo 0.8.1",
    looks="e9acff05b9a5",
)
PASS_TWISTED_REQUEST = Patch(
    "rolo.serving.twisted:update_wsgi_environment",
    what="applications find twisted's request",
    why="an image's layer must not be read faster than its client takes it",
    seen="rolo 0.8.1",
    looks="204b82a9ede3",
)

# S3.

KEEP_OBJECTS_APART = Patch(
    "localstack.services.s3.provider:DEFAULT_S3_TMP_DIR",
    what="each LocalStack keeps its objects in its own folder",
    why="core has one place for all, and two LocalStacks took each other's objects away",
    seen=_CORE,
    looks="str",
)
# STS.

_KEEP_SESSION = "what a session was made with is kept, for its authorization"
_NO_SESSION_POLICIES = "core keeps neither the session's policies nor the time it was made"
ASSUME_ROLE = Patch(
    "localstack.services.sts.provider:StsProvider.assume_role",
    what=_KEEP_SESSION,
    why=_NO_SESSION_POLICIES,
    seen=_CORE,
    looks="0a90f7d4c522",
)
ASSUME_ROLE_WITH_WEB_IDENTITY = Patch(
    "localstack.services.sts.provider:StsProvider.assume_role_with_web_identity",
    what=_KEEP_SESSION,
    why=_NO_SESSION_POLICIES,
    seen=_CORE,
    looks="bc3be63bfd32",
)
GET_SESSION_TOKEN = Patch(
    "localstack.services.sts.provider:StsProvider.get_session_token",
    what=_KEEP_SESSION,
    why="core calls the session of a user the root user's",
    seen=_CORE,
    looks="e70f668bd653",
)
GET_FEDERATION_TOKEN = Patch(
    "localstack.services.sts.provider:StsProvider.get_federation_token",
    what=_KEEP_SESSION,
    why=_NO_SESSION_POLICIES,
    seen=_CORE,
    looks="ae10939289f7",
)

# Lambda.

MAP_STREAMS = Patch(
    f"{_LAMBDA}.event_source_mapping.esm_worker_factory:EsmWorkerFactory.get_esm_worker",
    what="mappings of Kinesis streams get workers of ours",
    why="core's hook lambda_create_event_source_poller is never asked about Kinesis",
    seen=_CORE,
    looks="686f7c77017e",
)
DELIVER_LOGS = Patch(
    f"{_LAMBDA}.invocation.version_manager:LambdaVersionManager.store_logs",
    what="environments deliver their log themselves",
    why="core delivers it after the invocation, without the times of its lines",
    seen=_CORE,
    looks="f06054723b27",
)
PASS_CLIENT_CONTEXT = Patch(
    f"{_LAMBDA}.invocation.execution_environment:ExecutionEnvironment.invoke",
    what="the executor gets the client context",
    why="core drops it on the way",
    seen=_CORE,
    looks="cf0e0565b58f",
)
STOP_FAILED_VERSIONS = Patch(
    f"{_LAMBDA}.invocation.lambda_service:LambdaService.stop_version",
    what="a version in state Failed can be stopped",
    why="it has nothing to stop, and core refused to delete its function",
    seen=_CORE,
    looks="e146981b06e0",
)
DELETE_CODE_WHEN_UNUSED = Patch(
    f"{_LAMBDA}.invocation.lambda_models:S3Code.destroy_cached",
    what="a function's code is deleted when no environment uses it any more",
    why="its folders are read-only, and core deletes it while its last invocations run",
    seen=_CORE,
    looks="94e024824563",
)
MOVE_ALIAS = Patch(
    f"{_LAMBDA}.invocation.lambda_service:LambdaService.update_alias",
    what="an alias moves to versions that exist only, and environments of the version it leaves end soon",
    why="core takes any version, and keeps idle environments for ten minutes",
    seen=_CORE,
    looks="465f19af65cd",
)
CONFIGURATION_OF_ALIAS = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.get_function_configuration",
    what="GetFunctionConfiguration takes an alias",
    why="core knows versions only",
    seen=_CORE,
    looks="2c032f9f5a11",
)
END_IDLE_ENVIRONMENTS = Patch(
    f"{_LAMBDA}.invocation.execution_environment:ExecutionEnvironment.release",
    what="an environment of a version that no alias leads to ends soon",
    why="core keeps it for ten minutes",
    seen=_CORE,
    looks="a60bb2034315",
)
_FIND_IMAGE = "a function's image is looked up in the emulator's ECR"
_ANY_IMAGE = "core takes any name and knows no registry"
CREATE_IMAGE = Patch(
    f"{_LAMBDA}.provider:create_image_code", what=_FIND_IMAGE, why=_ANY_IMAGE, seen=_CORE, looks="0785251c3eb4"
)
UPDATE_IMAGE = Patch(
    f"{_LAMBDA}.invocation.lambda_service:create_image_code",
    what=_FIND_IMAGE,
    why=_ANY_IMAGE,
    seen=_CORE,
    looks="0785251c3eb4",
)

# CloudWatch.

COUNT_INVOCATIONS = Patch(
    f"{_LAMBDA}.invocation.version_manager:LambdaVersionManager.invoke",
    what="invocations are counted in this process",
    why="core writes each one's metrics over HTTP, in a thread of its own",
    seen=_CORE,
    looks="137699a70e55",
)
START_NO_METRIC_THREADS = Patch(
    f"{_LAMBDA}.invocation.version_manager:start_thread",
    what="core's threads that write metrics of invocations are not started",
    why="COUNT_INVOCATIONS counts them",
    seen=_CORE,
    looks="4e137a7a3269",
)
GET_METRIC_STATISTICS = Patch(
    f"{_CLOUDWATCH}.provider_v2:CloudwatchProvider.get_metric_statistics",
    what="readers find what was counted a moment ago, in whole minutes",
    why="metrics are published once a minute, and core takes times as they are asked for",
    seen=_CORE,
    looks="3bbd4a8c005d",
)
GET_METRIC_DATA = Patch(
    f"{_CLOUDWATCH}.provider_v2:CloudwatchProvider.get_metric_data",
    what="readers find what was counted a moment ago, in whole minutes",
    why="metrics are published once a minute, and core takes times as they are asked for",
    seen=_CORE,
    looks="44b7b7983834",
)
LIST_METRICS = Patch(
    f"{_CLOUDWATCH}.provider_v2:CloudwatchProvider.list_metrics",
    what="readers find what was counted a moment ago",
    why="metrics are published once a minute",
    seen=_CORE,
    looks="dd25c82a4f84",
)
QUERY_METRICS = Patch(
    f"{_CLOUDWATCH}.cloudwatch_database_helper:CloudwatchDatabase.get_metric_data_stat",
    what="statistics of a metric are of that metric only, statistic sets included",
    why="core mixes metrics whose dimensions begin alike",
    seen=_CORE,
    looks="9faee85d1aca",
)

# CloudWatch Logs.

FILTER_METRICS = Patch(
    "localstack.services.logs.provider:LogsProvider.put_log_events",
    what="metric filters count lines of their own log group that match their pattern",
    why="core counts every line of every group for each filter",
    seen=_CORE,
    looks="8927f8624147",
)
CHECK_KEY_OF_GROUP = Patch(
    "localstack.services.logs.provider:LogsProvider.create_log_group",
    what="a log group is made with a usable key only",
    why="core takes any text",
    seen=_CORE,
    looks="5fdc7a86108d",
)
ASSOCIATE_KEY = Patch(
    "localstack.services.logs.provider:LogsProvider.associate_kms_key",
    what="a log group's key can be set",
    why="core does not have the operation",
    seen=_CORE,
    looks="e310aabe3c36",
)
DISASSOCIATE_KEY = Patch(
    "localstack.services.logs.provider:LogsProvider.disassociate_kms_key",
    what="a log group's key can be taken away",
    why="core does not have the operation",
    seen=_CORE,
    looks="1653bed2f88c",
)
