"""The register of all patches to other people's code: LocalStack, rolo and twisted.

Modules apply a patch only through its entry here. An entry has the fingerprint of the patched code in the version it
was written for. If the fingerprint differs when the patch is applied, an error is logged: the patch may no longer fit.

The register is for LocalStack's process. In a function's own, `lambda_runtime/runtimes/client/bootstrap.py` changes how
awslambdaric writes the messages of its logger.
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
    """The target of a patch does not exist."""


@dataclass(frozen=True)
class Patch:
    """One patch.

    Attributes:
        target: what is patched, `module:name` or `module:Class.name`.
        what: the behaviour with the patch.
        why: what is wrong without it, or why there is no other way.
        written_for: distribution and version that the patch was written for, `name version`.
        fingerprint: of the target in that version: the first 12 hex digits of its source's SHA-256, or the name of its
            type if it has no source.
    """

    target: str
    what: str
    why: str
    written_for: str
    fingerprint: str

    def wrap[F: Callable[..., Any]](self, replacement: F) -> F:
        """Replace the target with a function that gets the original as its first argument. A decorator."""
        original = self._checked()

        @functools.wraps(original)
        def patched(*args: Any, **kwargs: Any) -> Any:
            return replacement(original, *args, **kwargs)

        self._set(patched)
        return replacement

    def replace(self, value: Any) -> None:
        """Replace the target with a value."""
        self._checked()
        self._set(value)

    def append(self, handler: Any) -> None:
        """Append a handler to the target, a list of handlers."""
        self._checked().append(handler)

    @contextlib.contextmanager
    def replaced(self, value: Any) -> Iterator[None]:
        """Replace the target with a value while the context lasts."""
        original = self._checked()
        self._set(value)
        try:
            yield
        finally:
            self._set(original)

    def problem(self) -> str | None:
        """Return in one line how the target differs from what is expected, or None if it does not."""
        found = self._found_fingerprint()
        if found == self.fingerprint:
            return None
        name = self.written_for.rpartition(" ")[0]
        return (
            f"The patch of {self.target} ({self.what}) is for {self.written_for}; {_installed(name)} is installed, and"
            f" the patched code differs ({found}, not {self.fingerprint}). Check that the patch still fits, then update"
            " its entry in pipeline_emulator/patches.py."
        )

    def _checked(self) -> Any:
        """Return the target's present value. Log an error if its fingerprint differs.

        Raises:
            PatchError: the target does not exist.
        """
        if problem := self.problem():
            if self._found_fingerprint() == _MISSING:
                raise PatchError(problem)
            LOG.error("%s", problem)
        owner, name = self._place()
        return getattr(owner, name)

    def _place(self) -> tuple[Any, str]:
        module, _, path = self.target.partition(":")
        *parents, name = path.split(".")
        return functools.reduce(getattr, parents, importlib.import_module(module)), name

    def _found_fingerprint(self) -> str:
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
    """Return all patches by name."""
    return {name: value for name, value in globals().items() if isinstance(value, Patch)}


def problems() -> list[str]:
    """Return the problems of all patches, applied or not. Imports the modules they patch."""
    return [problem for patch in register().values() if (problem := patch.problem())]


_CORE = "localstack-core 2026.3.0"
_LAMBDA = "localstack.services.lambda_"
_CLOUDWATCH = "localstack.services.cloudwatch"

# All requests and responses.

AUTHORIZE = Patch(
    "localstack.aws.handlers:serve_custom_service_request_handlers",
    what="requests are authorized before a service gets them",
    why="core evaluates policies only with a licence",
    written_for=_CORE,
    fingerprint="CompositeHandler",
)
REFUSE_FUNCTIONS = Patch(
    "localstack.aws.handlers:preprocess_request",
    what="functions are kept from LocalStack's own HTTP interfaces",
    why="those need no key, and change what any user of LocalStack sees",
    written_for=_CORE,
    fingerprint="CompositeHandler",
)
FORGET_CALLERS = Patch(
    "localstack.aws.handlers:run_custom_response_handlers",
    what="cached callers are dropped after a change in IAM",
    why="IAM's provider does not report its changes",
    written_for=_CORE,
    fingerprint="CompositeResponseHandler",
)
REQUIRE_SIGNATURE = Patch(
    "localstack.aws.handlers:run_custom_response_handlers",
    what="ConfirmSubscription with AuthenticateOnUnsubscribe is remembered",
    why="core ignores the parameter",
    written_for=_CORE,
    fingerprint="CompositeResponseHandler",
)
CHECK_CONSTRAINTS = Patch(
    "localstack.aws.handlers:serve_custom_service_request_handlers",
    what="requests to Lambda and CloudWatch Logs are checked against the lengths, ranges and patterns of their models",
    why="core checks few of them, and stores what AWS refuses",
    written_for=_CORE,
    fingerprint="CompositeHandler",
)
CHECK_ACLS = Patch(
    "localstack.aws.handlers:serve_custom_service_request_handlers",
    what="ACLs are refused in buckets whose owner has switched them off",
    why="core keeps them",
    written_for=_CORE,
    fingerprint="CompositeHandler",
)
CHECK_NEIGHBOURS = Patch(
    "localstack.aws.handlers:serve_custom_service_request_handlers",
    what="redrive policies of queues and event patterns of rules are checked",
    why="core stores a dead-letter queue that does not exist, and patterns that match nothing",
    written_for=_CORE,
    fingerprint="CompositeHandler",
)
CHECK_POLICIES = Patch(
    "localstack.aws.handlers:serve_custom_service_request_handlers",
    what="policies that AWS would not store are refused",
    why="core and moto store almost any text",
    written_for=_CORE,
    fingerprint="CompositeHandler",
)
REMEMBER_CALLER = Patch(
    "localstack.aws.handlers:serve_custom_service_request_handlers",
    what="account and region of a request are kept for looking up a function's image",
    why="core looks up an image by its URI alone",
    written_for=_CORE,
    fingerprint="CompositeHandler",
)
REFUSE_REQUESTS = Patch(
    "localstack.aws.handlers:serve_custom_service_request_handlers",
    what="injected faults refuse requests",
    why="only a handler sees the requests of all services",
    written_for=_CORE,
    fingerprint="CompositeHandler",
)
LOSE_ANSWERS = Patch(
    "localstack.aws.handlers:run_custom_response_handlers",
    what="injected faults lose responses",
    why="only a handler sees the responses of all services",
    written_for=_CORE,
    fingerprint="CompositeResponseHandler",
)
ROUTE_REQUESTS = Patch(
    "localstack.aws.handlers.service:ServiceRequestRouter.__call__",
    what="requests are counted while a service handles them, and wait while a snapshot is made",
    why="a snapshot is of one point in time, and core has no way to hold requests",
    written_for=_CORE,
    fingerprint="96eb7400b414",
)
SEAL_INTERNAL_CALLS = Patch(
    "localstack.aws.connect:dump_dto",
    what="LocalStack's own requests carry a token",
    why="core believes any client that sends the header of an internal request",
    written_for=_CORE,
    fingerprint="815ca302dc39",
)
CHECK_INTERNAL_CALLS = Patch(
    "localstack.aws.handlers.internal_requests:load_dto",
    what="a request counts as LocalStack's own only with that token",
    why="core believes any client that sends the header of an internal request",
    written_for=_CORE,
    fingerprint="6fc9937ab698",
)
LIST_ALIASES = Patch(
    "localstack.services.kms.provider:KmsProvider.list_aliases",
    what="the aliases of AWS's services are listed before they have a key",
    why="core makes them when they are used, and so Terraform's data source finds none",
    written_for=_CORE,
    fingerprint="6aa32c8037e6",
)
AUTHENTICATE_QUEUE_URLS = Patch(
    "localstack.services.sqs.query_api:try_call_sqs",
    what="requests to the URL of a queue are authenticated",
    why="core serves them outside its chain of handlers, as root or with any key that they name",
    written_for=_CORE,
    fingerprint="a151780bb44b",
)
KEEP_FRACTIONS = Patch(
    "localstack.aws.protocol.parser:RequestParser._timestamp_unixtimestamp",
    what="timestamps in requests keep their fractions of a second",
    why="core truncates them to whole seconds, AWS does not",
    written_for=_CORE,
    fingerprint="1a5b841a87f0",
)
_PARSER = "localstack.aws.protocol.parser"
_CHECK_TYPES = "values have the types of the service's model, or the request is refused"
_ANY_TYPE = "core passes on any JSON or XML, and services fail with an error 500"
PARSE_JSON_STRINGS = Patch(
    f"{_PARSER}:BaseJSONRequestParser._parse_string",
    what=_CHECK_TYPES,
    why=_ANY_TYPE,
    written_for=_CORE,
    fingerprint="d6a3d29d72e9",
)
PARSE_JSON_INTEGERS = Patch(
    f"{_PARSER}:BaseJSONRequestParser._parse_integer",
    what=_CHECK_TYPES,
    why=_ANY_TYPE,
    written_for=_CORE,
    fingerprint="d6a3d29d72e9",
)
PARSE_JSON_LONGS = Patch(
    f"{_PARSER}:BaseJSONRequestParser._parse_long",
    what=_CHECK_TYPES,
    why=_ANY_TYPE,
    written_for=_CORE,
    fingerprint="d6a3d29d72e9",
)
PARSE_JSON_BOOLEANS = Patch(
    f"{_PARSER}:BaseJSONRequestParser._parse_boolean",
    what=_CHECK_TYPES,
    why=_ANY_TYPE,
    written_for=_CORE,
    fingerprint="e443f33f8b18",
)
PARSE_JSON_LISTS = Patch(
    f"{_PARSER}:BaseJSONRequestParser._parse_list",
    what=_CHECK_TYPES,
    why=_ANY_TYPE,
    written_for=_CORE,
    fingerprint="ede1fb596ddf",
)
_KINESIS_VALUES = "times and binary data in requests to Kinesis are read as AWS does"
_READ_TOO_MUCH = "core accepts texts as times, skips invalid Base64, and refuses times after the year 9999 as malformed"
PARSE_JSON_TIMESTAMPS = Patch(
    f"{_PARSER}:BaseJSONRequestParser._parse_timestamp",
    what=_KINESIS_VALUES,
    why=_READ_TOO_MUCH,
    written_for=_CORE,
    fingerprint="b226fa7f0395",
)
PARSE_JSON_BLOBS = Patch(
    f"{_PARSER}:BaseJSONRequestParser._parse_blob",
    what=_KINESIS_VALUES,
    why=_READ_TOO_MUCH,
    written_for=_CORE,
    fingerprint="33d522a5e016",
)
PARSE_CBOR = Patch(
    f"{_PARSER}:cbor2_loads",
    what=_KINESIS_VALUES,
    why=_READ_TOO_MUCH,
    written_for="cbor2 5.8.0",
    fingerprint="4c19c0f62ab8",
)
SERIALIZE_BODY = Patch(
    "localstack.aws.protocol.serializer:JSONResponseSerializer._serialize_body_params",
    what="Kinesis's operations without an output send an empty body",
    why="core sends an empty document",
    written_for=_CORE,
    fingerprint="fffcaf293f47",
)
PARSE_XML_STRINGS = Patch(
    f"{_PARSER}:RestXMLRequestParser._parse_string",
    what=_CHECK_TYPES,
    why=_ANY_TYPE,
    written_for=_CORE,
    fingerprint="d6a3d29d72e9",
)
REQUIRE_MEMBERS = Patch(
    "localstack.aws.handlers:serve_custom_service_request_handlers",
    what="requests without a required member are refused",
    why="core passes None to the service, which may store it",
    written_for=_CORE,
    fingerprint="CompositeHandler",
)
ANSWER_MALFORMED_REQUESTS = Patch(
    "localstack.aws.handlers.service:ServiceExceptionSerializer.create_exception_response",
    what="malformed requests get AWS's errors 400",
    why="core answers an InternalError 500 to whatever its parsers or a service cannot process",
    written_for=_CORE,
    fingerprint="68f9306be2e4",
)
READ_MANAGED_POLICIES = Patch(
    "localstack.services.iam.provider:IamProvider._build_aws_managed_policy_cache",
    what="AWS's managed policies are read at the first request for one",
    why="core reads all of them at start, and few stacks use one",
    written_for=_CORE,
    fingerprint="05be2cb4ec26",
)
READ_PRESIGNED_CREDENTIAL = Patch(
    "localstack.aws.handlers.auth:MissingAuthHeaderInjector.__call__",
    what="a presigned request is one of its credential's account and region",
    why="core takes it for one of the default account in us-east-1, no matter who signed it",
    written_for=_CORE,
    fingerprint="5363e04263eb",
)
PASS_ACCOUNT_TO_MOTO = Patch(
    "localstack.aws.handlers.auth:AccountIdEnricher.__call__",
    what="moto gets the account that core has determined",
    why="core adds its header after one that a client has sent, and moto takes the first",
    written_for=_CORE,
    fingerprint="eb10c0807272",
)
READ_REGION_OF_CREDENTIAL = Patch(
    "moto.core.responses:BaseResponse.get_region_from_url",
    what="moto takes the region from the credential, as core does",
    why="it prefers one in the URL or in the User-Agent, which core does not authorize",
    written_for="moto-ext 5.1.25",
    fingerprint="f26e68bd6df6",
)
READ_NO_QUERY = Patch(
    "moto.core.responses:BaseResponse.setup_class",
    what="moto reads the parameters of a JSON request from its JSON",
    why="it prefers query strings in the URL, in headers and in the body, which core does not authorize",
    written_for="moto-ext 5.1.25",
    fingerprint="7944b39df82c",
)
READ_TARGET = Patch(
    "moto.core.responses:BaseResponse._get_action",
    what="moto reads the operation of a JSON request from X-Amz-Target",
    why="it prefers a parameter Action, which core does not authorize",
    written_for="moto-ext 5.1.25",
    fingerprint="2e560672de8a",
)

# The start.

IMPORT_OPENAPI_LATER = Patch(
    "localstack.aws.handlers.validation:OpenAPIValidator._load_specs",
    what="the OpenAPI library is imported when requests or responses are to be validated",
    why="core imports it at every start, which takes a twelfth of the start's time, and validates nothing by default",
    written_for=_CORE,
    fingerprint="e7e9d544743e",
)
IMPORT_API_GATEWAY_LATER = Patch(
    "localstack.utils.aws.message_forwarding:add_target_http_parameters",
    what="API Gateway is imported when an event goes to an API destination",
    why="Lambda imports what sends events to destinations, which takes this one function from API Gateway",
    written_for=_CORE,
    fingerprint="668933bf6e7e",
)
BUILD_URLS_LATER = Patch(
    "werkzeug.routing.rules:Rule._compile_builder",
    what="what builds URLs from a route is compiled when a URL is built",
    why="routers compile it for every route again whenever one is added, and LocalStack builds no URLs",
    written_for="werkzeug 3.1.6",
    fingerprint="a0ec55cf067f",
)

# The gateway and its server.

CHECK_HOST_AND_ORIGIN = Patch(
    "localstack.aws.app:LocalstackAwsGateway.__init__",
    what="the first handler refuses foreign hosts and requests of foreign pages",
    why="core serves any host, and checks origins late and not for S3; no list of handlers that it offers comes first",
    written_for=_CORE,
    fingerprint="f6ab100f02ee",
)
BIND_TO_ADDRESSES = Patch(
    "twisted.internet.endpoints:TCP4ServerEndpoint",
    what="the gateway listens only on the addresses in GATEWAY_LISTEN",
    why="core's server listens on every interface",
    written_for="localstack-twisted 25.5.0",
    fingerprint="0680fe81487a",
)
SERVE_FAST = Patch(
    "rolo.serving.twisted:HeaderPreservingHTTPChannel.protocol_factory",
    what="requests that carry records are served without twisted's HTTP server and threads",
    why="these take nine tenths of the time of a request",
    written_for="rolo 0.8.1",
    fingerprint="72795f988f0f",
)
PARSE_CONTENT_TYPES_ONCE = Patch(
    "twisted.web.http:_parseContentType",
    what="parsed content types are cached",
    why="twisted parses them with an e-mail library for every request",
    written_for="localstack-twisted 25.5.0",
    fingerprint="5b5206bbb013",
)
FINISH_STREAMS = Patch(
    "h2.connection:H2Connection._receive_goaway_frame",
    what="a client's GOAWAY without an error leaves its open streams as they are",
    why="h2 sends nothing more then, and twisted closes the connection",
    written_for="h2 4.4.1",
    fingerprint="adb9adfae940",
)
WRITE_NO_ACCESS_LOG = Patch(
    "rolo.serving.twisted:TwistedGateway.log",
    what="twisted writes no access log",
    why="it goes nowhere, and LocalStack writes its own",
    written_for="rolo 0.8.1",
    fingerprint="e9acff05b9a5",
)
PASS_TWISTED_REQUEST = Patch(
    "rolo.serving.twisted:update_wsgi_environment",
    what="applications can reach twisted's request",
    why="a layer must not be read faster than the client takes it, a signature is that of the raw body, bodies over"
    " their limit are discarded, and functions are known by their connections",
    written_for="rolo 0.8.1",
    fingerprint="204b82a9ede3",
)
_LIMIT = "bodies have the sizes that AWS documents"
LIMIT_BODIES = Patch(
    "rolo.serving.twisted:TwistedRequestAdapter.gotLength",
    what=_LIMIT,
    why="twisted receives bodies of any size into memory or a temporary file",
    written_for="rolo 0.8.1",
    fingerprint="b3489674dd1f",
)
REFUSE_LARGE_BODIES = Patch(
    "localstack.aws.handlers.internal_requests:InternalRequestParamsEnricher.__call__",
    what=_LIMIT,
    why="this handler is the first, and core's list of handlers cannot be extended at its beginning",
    written_for=_CORE,
    fingerprint="2679ce1c69a5",
)
LIMIT_DECODED_BODIES = Patch(
    "localstack.aws.handlers.codec:ContentDecoder.__call__",
    what=_LIMIT,
    why="core decodes gzipped bodies of any size into memory",
    written_for=_CORE,
    fingerprint="54b57bb3fc48",
)
LIMIT_BODIES_BY_SERVICE = Patch(
    "localstack.aws.handlers.service:ServiceNameParser.__call__",
    what=_LIMIT,
    why="a service is only known here, and the next handler reads the body",
    written_for=_CORE,
    fingerprint="fcfe78eb94b3",
)

QUEUE_URL = Patch(
    "localstack.services.sqs.models:SqsQueue.url",
    what="the URL of a queue begins with the address by which the client reached the emulator",
    why="core's has the port of LOCALSTACK_HOST, not the published one, and a host that needs a name server",
    written_for=_CORE,
    fingerprint="cf93fe21231e",
)

# Routes outside the AWS services.

LIST_MESSAGES = Patch(
    "localstack.services.sqs.developer_api:SqsDeveloperApi._get_and_serialize_messages",
    what="listing the messages of a queue at /_aws/sqs/messages needs sqs:ReceiveMessage",
    why="core shows them to anybody",
    written_for=_CORE,
    fingerprint="50a744b13c30",
)
_WEBSITES = "the website of a bucket has only what everybody may read"
_WEBSITES_WHY = "core reads the objects as root"
READ_WEBSITES = Patch(
    "localstack.services.s3.website_hosting:S3WebsiteHostingHandler.__init__",
    what=_WEBSITES,
    why=_WEBSITES_WHY,
    written_for=_CORE,
    fingerprint="f6db3ba8dc91",
)
SERVE_WEBSITES = Patch(
    "localstack.services.s3.website_hosting:S3WebsiteHostingHandler.__call__",
    what=_WEBSITES,
    why=_WEBSITES_WHY,
    written_for=_CORE,
    fingerprint="abdf58aa6172",
)
_URLS = "function URLs as on AWS: authorization, events, responses, CORS, streams"
SERVE_FUNCTION_URLS = Patch(
    "localstack.aws.app:LocalstackAwsGateway.__init__",
    what=_URLS,
    why="before core's route, its handlers take the path for a bucket's, answer preflight requests and add headers",
    written_for=_CORE,
    fingerprint="f6ab100f02ee",
)
INVOKE_BY_URL = Patch(
    f"{_LAMBDA}.urlrouter:FunctionUrlRouter.handle_lambda_url_invocation",
    what=_URLS,
    why="core ignores AuthType, CORS and InvokeMode, and serves malformed responses",
    written_for=_CORE,
    fingerprint="8eb97708dcf6",
)
_REACHABLE = "a function URL begins with the name and port by which the client reached the emulator"
_FIXED_URL = "core's has LOCALSTACK_HOST, which may be an address without subdomains, and the port of the gateway"
CREATE_URL = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.create_function_url_config",
    what=_REACHABLE,
    why=_FIXED_URL,
    written_for=_CORE,
    fingerprint="81e81d451e8b",
)
GET_URL = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.get_function_url_config",
    what=_REACHABLE,
    why=_FIXED_URL,
    written_for=_CORE,
    fingerprint="11fb57f89b83",
)
UPDATE_URL = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.update_function_url_config",
    what=_REACHABLE,
    why=_FIXED_URL,
    written_for=_CORE,
    fingerprint="85ff76135bd4",
)
LIST_URLS = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.list_function_url_configs",
    what=_REACHABLE,
    why=_FIXED_URL,
    written_for=_CORE,
    fingerprint="fc1bfb4d03c7",
)
VALIDATE_INVOKE_MODE = Patch(
    f"{_LAMBDA}.provider:LambdaProvider._validate_invoke_mode",
    what="RESPONSE_STREAM is accepted without a warning",
    why="core warns that it does not support it",
    written_for=_CORE,
    fingerprint="973df50492fe",
)
_VIA_URL = "a permission can be for invocations by URL only (InvokedViaFunctionUrl)"
_ANY_INVOCATION = "core drops the condition and allows any invocation"
ADD_PERMISSION = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.add_permission",
    what=_VIA_URL,
    why=_ANY_INVOCATION,
    written_for=_CORE,
    fingerprint="84de6b5245f7",
)
BUILD_STATEMENT = Patch(
    f"{_LAMBDA}.api_utils:build_statement",
    what=_VIA_URL,
    why=_ANY_INVOCATION,
    written_for=_CORE,
    fingerprint="cb3e9a3be906",
)

# S3.

_NOTIFICATIONS = "localstack.services.s3.notifications"
OVERWRITE_NULL_VERSION = Patch(
    "localstack.services.s3.models:VersionedKeyStore.set",
    what="an object put while versioning is suspended is the current one",
    why="core overwrites an older null version in its old place, and returns the version after it",
    written_for=_CORE,
    fingerprint="371a75b250b0",
)
CHECK_NOTIFICATIONS = Patch(
    "localstack.services.s3.provider:S3Provider._verify_notification_configuration",
    what="notifications of a bucket must not overlap, and have the documented events and filters",
    why="core checks the destinations only",
    written_for=_CORE,
    fingerprint="1651616bb1fe",
)
ENCODE_KEY = Patch(
    f"{_NOTIFICATIONS}:S3EventNotificationContext.from_request_context",
    what="a space in an event's key is a plus sign, and filters see the key so; each event has its own sequencer",
    why="core sends %20, and no filter with a plus sign ever matches",
    written_for=_CORE,
    fingerprint="484d1dc0e07b",
)
NOTIFICATION = Patch(
    f"{_NOTIFICATIONS}:BaseNotifier._get_event_payload",
    what="a bucket's event has the id of its request and its own sequencer",
    why="core sends a random id, and the same sequencer always",
    written_for=_CORE,
    fingerprint="ebcd89930d9b",
)
EVENT_OF_BUCKET = Patch(
    f"{_NOTIFICATIONS}:EventBridgeNotifier._get_event_payload",
    what="EventBridge gets an object's key as it is, its own sequencer, and the reason CompleteMultipartUpload",
    why="core encodes the key, sends the same sequencer always, and the event's type as the reason",
    written_for=_CORE,
    fingerprint="424ef47b5c4f",
)
REMOVE_FILTER_POLICY = Patch(
    "localstack.aws.handlers:run_custom_response_handlers",
    what="an empty filter policy removes a subscription's",
    why="core returns the empty one; Terraform then plans to remove it for ever",
    written_for=_CORE,
    fingerprint="CompositeResponseHandler",
)
KEEP_OBJECTS_APART = Patch(
    "localstack.services.s3.provider:DEFAULT_S3_TMP_DIR",
    what="each LocalStack keeps its objects in its own folder",
    why="core uses one folder for all, and two LocalStacks deleted each other's objects",
    written_for=_CORE,
    fingerprint="str",
)

# IAM.

_FOLLOW_PRINCIPALS = "resource policies follow a principal that is deleted or renamed"
_NAMES_ONLY = "core keeps policies as they are: the next principal of that name gets what they grant"
DELETE_USER = Patch(
    "localstack.services.iam.provider:IamProvider.delete_user",
    what=_FOLLOW_PRINCIPALS,
    why=_NAMES_ONLY,
    written_for=_CORE,
    fingerprint="cc70d34c3cf6",
)
DELETE_ROLE = Patch(
    "localstack.services.iam.provider:IamProvider.delete_role",
    what=_FOLLOW_PRINCIPALS,
    why=_NAMES_ONLY,
    written_for=_CORE,
    fingerprint="51eed2baeea5",
)
UPDATE_USER = Patch(
    "localstack.services.iam.provider:IamProvider.update_user",
    what=_FOLLOW_PRINCIPALS,
    why=_NAMES_ONLY,
    written_for=_CORE,
    fingerprint="063dcfe92dce",
)

# STS.

_KEEP_SESSION = "the parameters of a session are kept for its authorization"
_NO_SESSION_POLICIES = "core keeps neither the session's policies nor its creation time"
ASSUME_ROLE = Patch(
    "localstack.services.sts.provider:StsProvider.assume_role",
    what=_KEEP_SESSION,
    why=_NO_SESSION_POLICIES,
    written_for=_CORE,
    fingerprint="0a90f7d4c522",
)
ASSUME_ROLE_WITH_WEB_IDENTITY = Patch(
    "localstack.services.sts.provider:StsProvider.assume_role_with_web_identity",
    what=_KEEP_SESSION,
    why=_NO_SESSION_POLICIES,
    written_for=_CORE,
    fingerprint="bc3be63bfd32",
)
ASSUME_ROLE_WITH_SAML = Patch(
    "localstack.services.sts.provider:StsProvider.assume_role_with_saml",
    what=_KEEP_SESSION,
    why=_NO_SESSION_POLICIES,
    written_for=_CORE,
    fingerprint="f7ca3c7a2891",
)
GET_SESSION_TOKEN = Patch(
    "localstack.services.sts.provider:StsProvider.get_session_token",
    what=_KEEP_SESSION,
    why="core returns the root user for a user's session",
    written_for=_CORE,
    fingerprint="e70f668bd653",
)
GET_FEDERATION_TOKEN = Patch(
    "localstack.services.sts.provider:StsProvider.get_federation_token",
    what=_KEEP_SESSION,
    why=_NO_SESSION_POLICIES,
    written_for=_CORE,
    fingerprint="ae10939289f7",
)

# Lambda.

MAP_STREAMS = Patch(
    f"{_LAMBDA}.event_source_mapping.esm_worker_factory:EsmWorkerFactory.get_esm_worker",
    what="mappings of streams, of Kinesis and of tables, use our workers",
    why="core's hook lambda_create_event_source_poller is never called for them",
    written_for=_CORE,
    fingerprint="686f7c77017e",
)
POLL_QUEUES = Patch(
    f"{_LAMBDA}.event_source_mapping.esm_worker_factory:SqsPoller",
    what="functions get the bodies of messages as they were sent, in batches of up to 6 MB, and events are counted",
    why="core sends a copy of a body that is JSON, of any size, and has no metrics of mappings",
    written_for=_CORE,
    fingerprint="b773e85249ea",
)
_MAPPING_REQUESTS = "requests for mappings are checked against the model and AWS's rules"
_UNCHECKED_MAPPING = "core accepts values out of range and settings of other sources, and keeps an empty FilterCriteria"
CREATE_MAPPING = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.create_event_source_mapping",
    what=_MAPPING_REQUESTS,
    why=_UNCHECKED_MAPPING,
    written_for=_CORE,
    fingerprint="0ef1aa36989f",
)
UPDATE_MAPPING = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.update_event_source_mapping",
    what=_MAPPING_REQUESTS,
    why=_UNCHECKED_MAPPING,
    written_for=_CORE,
    fingerprint="34fd65c22ff4",
)
VALIDATE_MAPPING = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.validate_event_source_mapping",
    what=_MAPPING_REQUESTS,
    why=_UNCHECKED_MAPPING,
    written_for=_CORE,
    fingerprint="952e4fa3cc58",
)
CHECK_SOURCE = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.check_service_resource_exists",
    what="a mapping's source can be a stream's consumer; sources that cannot be described are invalid parameters",
    why="core describes a consumer as a stream, and answers with an error 500",
    written_for=_CORE,
    fingerprint="33d89ff494f8",
)
_PATTERNS = "localstack.services.events.event_rule_engine"
COMPILE_PATTERN = Patch(
    f"{_PATTERNS}:EventPatternCompiler.compile_event_pattern",
    what="an event pattern whose $or has alternatives that are no objects is invalid",
    why="core answers with an error 500",
    written_for=_CORE,
    fingerprint="1e58b3bdd497",
)
EVALUATE_PATTERN = Patch(
    f"{_PATTERNS}:EventRuleEngine._evaluate_nested_event_pattern_on_dict",
    what="fields of objects in a list match in the same object",
    why="core accepts an event of which each field matches in another one",
    written_for=_CORE,
    fingerprint="2e9946b62e0c",
)
EVALUATE_CONDITION = Patch(
    f"{_PATTERNS}:EventRuleEngine._evaluate_condition",
    what="event patterns tell true and false from 1 and 0; only texts have a prefix or a suffix",
    why="core compares as Python does, and fails for a number that is compared regardless of case",
    written_for=_CORE,
    fingerprint="e129dde7f571",
)
EVALUATE_WILDCARD = Patch(
    f"{_PATTERNS}:EventRuleEngine._evaluate_wildcard",
    what="a wildcard in an event pattern also stands for no characters, and for line breaks",
    why="core's stands for at least one character other than a line break",
    written_for=_CORE,
    fingerprint="5efe622aca17",
)
_TEMPLATES = "localstack.services.events.target"
VARIABLES_OF_EVENT = Patch(
    f"{_TEMPLATES}:get_template_replacements",
    what="variables of an input transformer may be 0 or false",
    why="core makes an empty text of them",
    written_for=_CORE,
    fingerprint="27547cfa5c3f",
)
FILL_TEMPLATE = Patch(
    f"{_TEMPLATES}:replace_template_placeholders",
    what="a template's variables are replaced as documented, whatever their types are",
    why="core fails for a number within a string, and misses strings with a comma or a brace: the event is lost",
    written_for=_CORE,
    fingerprint="d1706433a583",
)
SEND_LINES = Patch(
    f"{_TEMPLATES}:to_json_str",
    what="a target gets the lines of a template of quoted lines as they are",
    why="core makes one string of them, with escaped quotes",
    written_for=_CORE,
    fingerprint="d896f23d5be5",
)
DELIVER_LOGS = Patch(
    f"{_LAMBDA}.invocation.version_manager:LambdaVersionManager.store_logs",
    what="environments deliver their logs themselves",
    why="core delivers a log after the invocation, without the times of its lines",
    written_for=_CORE,
    fingerprint="f06054723b27",
)
PASS_CLIENT_CONTEXT = Patch(
    f"{_LAMBDA}.invocation.execution_environment:ExecutionEnvironment.invoke",
    what="the executor gets the client context",
    why="core drops it",
    written_for=_CORE,
    fingerprint="cf0e0565b58f",
)
KEEP_SAMPLING = Patch(
    "localstack.utils.xray.trace_header:TraceHeader.ensure_sampled_exists",
    what="a function's trace header has its caller's sampling decision",
    why="core samples every request",
    written_for=_CORE,
    fingerprint="f90346f39f17",
)
CHECK_PAYLOAD = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.invoke",
    what="a payload that is not JSON, or a client context that is no object or too long, is refused",
    why="core runs the function with the former, and answers 500 to the latter",
    written_for=_CORE,
    fingerprint="60d92812cac8",
)
DESCRIBE_ANSWER = Patch(
    "localstack.aws.handlers:run_custom_response_handlers",
    what="the response of Invoke is JSON, and names its trace",
    why="core calls it octets, and keeps the trace to itself",
    written_for=_CORE,
    fingerprint="CompositeResponseHandler",
)
INVOKE_WITH_RESPONSE_STREAM = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.invoke_with_response_stream",
    what="InvokeWithResponseStream",
    why="core does not have the operation",
    written_for=_CORE,
    fingerprint="0f43185657b0",
)
UPDATE_FAILED_VERSIONS = Patch(
    f"{_LAMBDA}.invocation.lambda_service:LambdaService.update_version",
    what="a function in state Failed can be updated",
    why="core answers an InternalError 500, because no earlier version runs",
    written_for=_CORE,
    fingerprint="b462a5bb782b",
)
STOP_FAILED_VERSIONS = Patch(
    f"{_LAMBDA}.invocation.lambda_service:LambdaService.stop_version",
    what="a version in state Failed can be stopped",
    why="nothing runs for it, so core refused to delete its function",
    written_for=_CORE,
    fingerprint="e146981b06e0",
)
CHECK_ARCHIVE = Patch(
    f"{_LAMBDA}.invocation.lambda_service:get_unzipped_size",
    what="function code and layers that could do harm when unpacked are refused",
    why="core adds up the declared sizes and looks at nothing else",
    written_for=_CORE,
    fingerprint="9f3ecbe741e3",
)
CHECK_NEW_FUNCTION = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.create_function",
    what="timeout, memory and /tmp have AWS's ranges; reserved variables and unusable dead-letter queues are refused",
    why="core accepts any numbers and dead-letter queues, and overwrites reserved variables",
    written_for=_CORE,
    fingerprint="ee8360ef3c94",
)
CHECK_CHANGED_FUNCTION = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.update_function_configuration",
    what="timeout, memory and /tmp have AWS's ranges; reserved variables and unusable dead-letter queues are refused;"
    " settings without content are read as on AWS",
    why="core accepts any numbers and dead-letter queues, overwrites reserved variables, and keeps a log group",
    written_for=_CORE,
    fingerprint="006327bf4b24",
)
CHECK_DESTINATIONS = Patch(
    f"{_LAMBDA}.provider:LambdaProvider._validate_destination_config",
    what="a bucket can be the on-failure destination of asynchronous invocations; FIFO queues and topics cannot",
    why="core refuses the one and accepts the others",
    written_for=_CORE,
    fingerprint="51e681538f1b",
)
SEND_TO_DESTINATION = Patch(
    f"{_LAMBDA}.invocation.event_manager:send_event_to_target",
    what="records of failed asynchronous invocations are written to a bucket; on an event bus, they name both ARNs",
    why="core sends them to other services only; on a bus, they name the function alone, without its qualifier",
    written_for=_CORE,
    fingerprint="99a7fdd575ae",
)
POLL_EVENTS = Patch(
    f"{_LAMBDA}.invocation.event_manager:Poller.run",
    what="events that arrive while a function is updated go to its new version",
    why="the old version's poller drops them, and the queue shows them again after more than a minute",
    written_for=_CORE,
    fingerprint="c20356638e73",
)
HANDLE_EVENT = Patch(
    f"{_LAMBDA}.invocation.event_manager:Poller.handle_message",
    what="asynchronous invocations follow the configuration of their qualifier, and may be answered with any text",
    why="core reads that of the version, also behind an alias, and repeats an event endlessly if no JSON answers it",
    written_for=_CORE,
    fingerprint="e704b1140740",
)
SEND_DEAD_LETTER = Patch(
    f"{_LAMBDA}.invocation.event_manager:Poller.process_dead_letter_queue",
    what="dead letters have the id of their invocation, the HTTP status and at most 1 KB of the error's message",
    why="core loses those of throttled events and of errors without a message, and makes up the id",
    written_for=_CORE,
    fingerprint="cb02cd63c8ee",
)
DELETE_ALIAS = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.delete_alias",
    what="an alias's configuration for asynchronous invocations is deleted with it",
    why="core keeps it, and the next alias of that name has it",
    written_for=_CORE,
    fingerprint="d167f52bfefd",
)
_POLICY_REVISIONS = "a policy has a revision that only changes with it"
_FUNCTION_REVISION = "core returns and compares the function's revision, which publishing a version changes"
REVISE_POLICY_BY_ADDING = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.add_permission",
    what=_POLICY_REVISIONS,
    why=_FUNCTION_REVISION,
    written_for=_CORE,
    fingerprint="84de6b5245f7",
)
REVISE_POLICY_BY_REMOVING = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.remove_permission",
    what=_POLICY_REVISIONS,
    why=_FUNCTION_REVISION,
    written_for=_CORE,
    fingerprint="1576dbc901c4",
)
GET_POLICY = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.get_policy",
    what=f"{_POLICY_REVISIONS}; the policy of a missing function gets AWS's error",
    why=_FUNCTION_REVISION,
    written_for=_CORE,
    fingerprint="46136444e2bc",
)
BUILD_VPC_CONFIG = Patch(
    f"{_LAMBDA}.provider:LambdaProvider._build_vpc_config",
    what="Ipv6AllowedForDualStack is kept",
    why="core drops it",
    written_for=_CORE,
    fingerprint="107a136e4e55",
)
DESCRIBE_FUNCTION = Patch(
    f"{_LAMBDA}.api_utils:map_config_out",
    what="functions are described with Ipv6AllowedForDualStack and the version of their own runtime",
    why="core returns neither",
    written_for=_CORE,
    fingerprint="f90871f06bff",
)
_KEEP_KEY = "a function's KMS key is kept with its environment variables"
_DROPPED_KEY = "core drops the key; Terraform then plans to add it for ever"
KEEP_KEY_OF_NEW_FUNCTION = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.create_function",
    what=_KEEP_KEY,
    why=_DROPPED_KEY,
    written_for=_CORE,
    fingerprint="ee8360ef3c94",
)
KEEP_KEY_OF_CHANGED_FUNCTION = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.update_function_configuration",
    what=_KEEP_KEY,
    why=_DROPPED_KEY,
    written_for=_CORE,
    fingerprint="006327bf4b24",
)
REPORT_KEY = Patch(
    f"{_LAMBDA}.api_utils:map_config_out",
    what="functions are described with their KMS key",
    why=_DROPPED_KEY,
    written_for=_CORE,
    fingerprint="f90871f06bff",
)
WITHHOLD_VARIABLES = Patch(
    f"{_LAMBDA}.api_utils:map_config_out",
    what="environment variables are shown to callers who may decrypt them",
    why="core shows them to everybody who may describe the function",
    written_for=_CORE,
    fingerprint="f90871f06bff",
)
CHECK_RUNTIME = Patch(
    f"{_LAMBDA}.provider:LambdaProvider._validate_runtime",
    what="no function is created with a runtime that AWS has withdrawn, or changed to one",
    why="core checks it only if LAMBDA_RUNTIME_VALIDATION is set, and then refuses every other runtime, too",
    written_for=_CORE,
    fingerprint="e884f3e60ac7",
)
CHECK_DELETED_VERSION = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.delete_function",
    what="a version that an alias references cannot be deleted",
    why="core deletes it, and leaves an alias of nothing",
    written_for=_CORE,
    fingerprint="0a8506fc35d6",
)
TAG_CODE_SIGNING = Patch(
    f"{_LAMBDA}.provider:LambdaProvider._get_account_id_and_region_for_taggable_resource",
    what="code signing configurations have tags",
    why="core answers 501, and so Terraform can create none",
    written_for=_CORE,
    fingerprint="2416a527193d",
)
TAG_NEW_CODE_SIGNING = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.create_code_signing_config",
    what="a code signing configuration keeps the tags it is created with",
    why="core ignores them",
    written_for=_CORE,
    fingerprint="8f14694ab70a",
)
FORGET_CODE_SIGNING_TAGS = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.delete_code_signing_config",
    what="the tags of a code signing configuration are deleted with it",
    why="core has none",
    written_for=_CORE,
    fingerprint="b978881bf06c",
)
SIGN_NEW_FUNCTION = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.create_function",
    what="a new function has the code signing configuration that it names",
    why="core ignores it",
    written_for=_CORE,
    fingerprint="ee8360ef3c94",
)
PUT_RUNTIME_MANAGEMENT = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.put_runtime_management_config",
    what="the runtime update mode of a function is stored",
    why="core does not have the operation",
    written_for=_CORE,
    fingerprint="1fd98c793f12",
)
GET_RUNTIME_MANAGEMENT = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.get_runtime_management_config",
    what="the runtime update mode of a function is returned",
    why="core does not have the operation",
    written_for=_CORE,
    fingerprint="7d2ea4083cf1",
)
ADD_LAYER_PERMISSION = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.add_layer_version_permission",
    what="a layer's statement names an account by its root user's ARN, and the organization",
    why="core repeats the account id, in which Terraform sees another principal, and drops the organization",
    written_for=_CORE,
    fingerprint="42711cadb714",
)
GET_LAYER_POLICY = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.get_layer_version_policy",
    what="a layer's policy names accounts by their root users' ARNs, and organizations",
    why="core repeats the account id, in which Terraform sees another principal, and drops the organization",
    written_for=_CORE,
    fingerprint="18abe109fcea",
)
DRY_RUN_OF_CODE = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.update_function_code",
    what="UpdateFunctionCode with DryRun changes nothing",
    why="core ignores the parameter",
    written_for=_CORE,
    fingerprint="36097d654fe6",
)
_ONE_CHANGE = "a function that is being created or updated cannot be changed"
_CHANGES_MIX = "core accepts the change, or refuses it after it has replaced the configuration"
REFUSE_CODE_DURING_UPDATE = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.update_function_code",
    what=_ONE_CHANGE,
    why=_CHANGES_MIX,
    written_for=_CORE,
    fingerprint="36097d654fe6",
)
REFUSE_CONFIGURATION_DURING_UPDATE = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.update_function_configuration",
    what=_ONE_CHANGE,
    why=_CHANGES_MIX,
    written_for=_CORE,
    fingerprint="006327bf4b24",
)
REFUSE_VERSION_DURING_UPDATE = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.publish_version",
    what="no version is published of a function that is being created or updated",
    why="core publishes what may fail yet",
    written_for=_CORE,
    fingerprint="4fb776d64c06",
)
UNPACK_CODE = Patch(
    f"{_LAMBDA}.invocation.lambda_models:S3Code.prepare_for_execution",
    what="code is unpacked by our extractor, with modes like those on AWS",
    why="core calls `unzip` and a recursive chmod, which both follow an archive's symbolic links",
    written_for=_CORE,
    fingerprint="c78303464962",
)
KEEP_NO_REFUSED_LAYER = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.publish_layer_version",
    what="a refused layer leaves nothing behind",
    why="core creates the layer before it looks at the archive, and ListLayers then fails",
    written_for=_CORE,
    fingerprint="5eebb4687d4d",
)
_COUNT_LAYERS = "code and layers together must not exceed 250 MB unzipped"
_LAYERS_NOT_COUNTED = "core compares each archive alone with the limit"
SIZE_OF_NEW_FUNCTION = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.create_function",
    what=_COUNT_LAYERS,
    why=_LAYERS_NOT_COUNTED,
    written_for=_CORE,
    fingerprint="ee8360ef3c94",
)
SIZE_OF_NEW_CODE = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.update_function_code",
    what=_COUNT_LAYERS,
    why=_LAYERS_NOT_COUNTED,
    written_for=_CORE,
    fingerprint="36097d654fe6",
)
SIZE_OF_NEW_LAYERS = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.update_function_configuration",
    what=_COUNT_LAYERS,
    why=_LAYERS_NOT_COUNTED,
    written_for=_CORE,
    fingerprint="006327bf4b24",
)
DELETE_CODE_WHEN_UNUSED = Patch(
    f"{_LAMBDA}.invocation.lambda_models:S3Code.destroy_cached",
    what="a function's code is deleted once no environment uses it",
    why="its folders are read-only, and core deletes it while its last invocations run",
    written_for=_CORE,
    fingerprint="94e024824563",
)
MOVE_ALIAS = Patch(
    f"{_LAMBDA}.invocation.lambda_service:LambdaService.update_alias",
    what="an alias moves only to versions that exist, and environments of its old version end soon",
    why="core accepts any version, and keeps idle environments for ten minutes",
    written_for=_CORE,
    fingerprint="465f19af65cd",
)
PROVISION_AGAIN = Patch(
    f"{_LAMBDA}.invocation.version_manager:LambdaVersionManager.update_provisioned_concurrency_config",
    what="provisioned concurrency can be changed while it is being allocated",
    why="core fails with an error 500, also if an alias has just moved",
    written_for=_CORE,
    fingerprint="633ccaacd268",
)
COUNT_PROVISIONED = Patch(
    f"{_LAMBDA}.invocation.assignment:AssignmentService.scale_provisioned_concurrency",
    what="the allocated provisioned concurrency is that of the new environments",
    why="core adds the environments that it ends; Terraform reads 3 after a change from 1 to 2",
    written_for=_CORE,
    fingerprint="6d792683e14f",
)
CHECK_PROVISIONED = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.put_provisioned_concurrency_config",
    what="an alias with weights cannot have provisioned concurrency",
    why="core accepts it, and provisions one of the versions",
    written_for=_CORE,
    fingerprint="7b2cd6e4cd94",
)
DELETE_PROVISIONED = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.delete_provisioned_concurrency_config",
    what="provisioned concurrency of an alias can be deleted",
    why="core looks for a version of the alias's name and fails with an InternalError",
    written_for=_CORE,
    fingerprint="3ffbcd3e2cbd",
)
CHANGE_WEIGHTS = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.update_alias",
    what="an alias's weights can be changed",
    why="core forgets an argument, and fails with an InternalError",
    written_for=_CORE,
    fingerprint="c57b115049a7",
)
CHECK_WEIGHTS = Patch(
    f"{_LAMBDA}.provider:LambdaProvider._create_routing_config_model",
    what="an alias's weights are checked against the version that it will have",
    why="UpdateAlias does not pass it",
    written_for=_CORE,
    fingerprint="f3e70cacc1d3",
)
CONFIGURATION_OF_ALIAS = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.get_function_configuration",
    what="GetFunctionConfiguration accepts an alias",
    why="core accepts only versions",
    written_for=_CORE,
    fingerprint="2c032f9f5a11",
)
END_IDLE_ENVIRONMENTS = Patch(
    f"{_LAMBDA}.invocation.execution_environment:ExecutionEnvironment.release",
    what="idle environments end soon once an alias has moved away from their version",
    why="core keeps them for ten minutes",
    written_for=_CORE,
    fingerprint="a60bb2034315",
)
_FIND_IMAGE = "a function's image is looked up in the emulator's ECR"
_ANY_IMAGE = "core accepts any name and checks no registry"
CREATE_IMAGE = Patch(
    f"{_LAMBDA}.provider:create_image_code",
    what=_FIND_IMAGE,
    why=_ANY_IMAGE,
    written_for=_CORE,
    fingerprint="0785251c3eb4",
)
UPDATE_IMAGE = Patch(
    f"{_LAMBDA}.invocation.lambda_service:create_image_code",
    what=_FIND_IMAGE,
    why=_ANY_IMAGE,
    written_for=_CORE,
    fingerprint="0785251c3eb4",
)

# ECR.

REPOSITORY_NAMES = Patch(
    "moto.ecr.models:ECR_REPOSITORY_NAME_PATTERN",
    what="names of repositories have the form of the service's model",
    why="moto refuses a--b and a__b",
    written_for="moto-ext 5.1.25",
    fingerprint="str",
)
CHECK_LIFECYCLE_RULES = Patch(
    "moto.ecr.policy_validation:EcrLifecyclePolicyValidator.validate",
    what="lifecycle rules for tagged images name tags, and one for any images is the last",
    why="moto checks neither",
    written_for="moto-ext 5.1.25",
    fingerprint="3c9ff02e0906",
)

# CloudWatch.

COUNT_INVOCATIONS = Patch(
    f"{_LAMBDA}.invocation.version_manager:LambdaVersionManager.invoke",
    what="invocations are counted in this process",
    why="core starts a thread for each one that writes its metrics over HTTP",
    written_for=_CORE,
    fingerprint="137699a70e55",
)
START_NO_METRIC_THREADS = Patch(
    f"{_LAMBDA}.invocation.version_manager:start_thread",
    what="core starts no threads that write metrics of invocations",
    why="COUNT_INVOCATIONS counts them",
    written_for=_CORE,
    fingerprint="4e137a7a3269",
)
GET_METRIC_STATISTICS = Patch(
    f"{_CLOUDWATCH}.provider_v2:CloudwatchProvider.get_metric_statistics",
    what="reads include values counted a moment ago, in whole minutes",
    why="metrics are published once a minute, and core does not round the requested times",
    written_for=_CORE,
    fingerprint="3bbd4a8c005d",
)
ALARM_ACTIONS = Patch(
    f"{_CLOUDWATCH}.provider_v2:connect_to",
    what="the actions of alarms are CloudWatch's, for an alarm",
    why="core publishes and invokes as the root user, whatever the policies of topic and function say",
    written_for=_CORE,
    fingerprint="InternalClientFactory",
)
GET_METRIC_DATA = Patch(
    f"{_CLOUDWATCH}.provider_v2:CloudwatchProvider.get_metric_data",
    what="reads include values counted a moment ago, in whole minutes",
    why="metrics are published once a minute, and core does not round the requested times",
    written_for=_CORE,
    fingerprint="44b7b7983834",
)
LIST_METRICS = Patch(
    f"{_CLOUDWATCH}.provider_v2:CloudwatchProvider.list_metrics",
    what="reads include values counted a moment ago",
    why="metrics are published once a minute",
    written_for=_CORE,
    fingerprint="dd25c82a4f84",
)
QUERY_METRICS = Patch(
    f"{_CLOUDWATCH}.cloudwatch_database_helper:CloudwatchDatabase.get_metric_data_stat",
    what="statistics cover exactly the requested metric, including its statistic sets",
    why="core mixes metrics with similar dimensions",
    written_for=_CORE,
    fingerprint="9faee85d1aca",
)

# CloudWatch Logs.

FILTER_METRICS = Patch(
    "localstack.services.logs.provider:LogsProvider.put_log_events",
    what="metric filters count only matching lines of their own log group",
    why="core counts every line of every group for each filter",
    written_for=_CORE,
    fingerprint="8927f8624147",
)
FIND_LOG_GROUP = Patch(
    "moto.logs.models:LogsBackend._find_log_group",
    what="GetLogEvents reads the group that logGroupIdentifier names",
    why="moto reads the newest group, whatever the identifier is",
    written_for="moto-ext 5.1.25",
    fingerprint="b8503e2d4ee2",
)
PUT_SUBSCRIPTION_FILTER = Patch(
    "moto.logs.models:LogsBackend.put_subscription_filter",
    what="a subscription filter is created after a test message has reached its destination, with a valid pattern",
    why="core asks for permissions that AWS does not need, checks none of a function's and accepts any pattern",
    written_for=_CORE,
    fingerprint="fb9f70a87b8e",
)
KEEP_DISTRIBUTION = Patch(
    "moto.logs.responses:LogsResponse.put_subscription_filter",
    what="a subscription filter's distribution is kept",
    why="moto drops it; Terraform then plans to change it for ever",
    written_for="moto-ext 5.1.25",
    fingerprint="99b3106ec5f3",
)
STORE_LOG_EVENTS = Patch(
    "moto.logs.models:LogStream.put_log_events",
    what="log events that match a subscription filter are delivered to it after the request",
    why="core matches no pattern, and the request fails or waits with the delivery",
    written_for=_CORE,
    fingerprint="16317b7e99ec",
)
CHECK_LOG_STREAM = Patch(
    "moto.logs.models:LogGroup.create_log_stream",
    what="the error for a log stream that exists already is about the stream",
    why="moto's is about the group",
    written_for=_CORE,
    fingerprint="f6ef230bfbb5",
)
MATCH_LOG_EVENTS = Patch(
    "localstack.services.logs.provider:get_pattern_matcher",
    what="FilterLogEvents returns the events that match",
    why="core returns all events, whatever the pattern",
    written_for=_CORE,
    fingerprint="2c5f3de28249",
)
CHECK_RETENTION = Patch(
    "moto.logs.models:LogsBackend.put_retention_policy",
    what="a log group's retention is one of the documented numbers of days",
    why="moto accepts any number",
    written_for="moto-ext 5.1.25",
    fingerprint="eaeb57646a4a",
)
TAG_RESOURCE_OF_LOGS = Patch(
    "localstack.services.logs.provider:LogsProvider.tag_resource",
    what="tags of a log group without tags are kept",
    why="core drops them; Terraform then plans to add them for ever",
    written_for=_CORE,
    fingerprint="a639e90b3ed8",
)
CHECK_METRIC_FILTER = Patch(
    "moto.logs.models:LogsBackend.put_metric_filter",
    what="a metric filter has a group, a valid pattern and up to three dimensions, and replaces the one of its name",
    why="moto accepts any text, and keeps both filters, so that events count twice",
    written_for="moto-ext 5.1.25",
    fingerprint="f289fb5a7b02",
)
DELETE_POLICY_OF_LOGS = Patch(
    "moto.logs.models:LogsBackend.delete_resource_policy",
    what="the error for a resource policy that does not exist has AWS's text",
    why="moto's lacks the full stop",
    written_for="moto-ext 5.1.25",
    fingerprint="3decd6899957",
)
EXECUTE_QUERY = Patch(
    "moto.logs.models:execute_query",
    what="queries of Logs Insights that the emulator does not support are refused",
    why="moto returns every event, whatever a query filters or counts, and in the wrong order",
    written_for="moto-ext 5.1.25",
    fingerprint="06d84c10d2e5",
)
SHOW_STATISTICS = Patch(
    "moto.logs.models:LogQuery.to_result_json",
    what="the results of a query of Logs Insights have its statistics",
    why="moto has none",
    written_for="moto-ext 5.1.25",
    fingerprint="8363b72e3d0f",
)
START_QUERY = Patch(
    "moto.logs.responses:LogsResponse.start_query",
    what="a query of Logs Insights may name its log groups by logGroupIdentifiers",
    why="moto fails",
    written_for="moto-ext 5.1.25",
    fingerprint="21374a37260b",
)
DELETE_METRIC_FILTER = Patch(
    "moto.logs.models:LogsBackend.delete_metric_filter",
    what="deleting a metric filter that does not exist is an error",
    why="moto ignores it",
    written_for="moto-ext 5.1.25",
    fingerprint="a6f85dd257ff",
)
CHOOSE_LOG_EVENTS = Patch(
    "moto.logs.models:LogsBackend.put_log_events",
    what="log events before their group's retention are rejected, and the rejected ones are counted as documented",
    why="moto stores them",
    written_for="moto-ext 5.1.25",
    fingerprint="9413dbc08c42",
)
CHECK_KEY_OF_GROUP = Patch(
    "localstack.services.logs.provider:LogsProvider.create_log_group",
    what="a log group can only be created with a usable key",
    why="core accepts any text",
    written_for=_CORE,
    fingerprint="5fdc7a86108d",
)
ASSOCIATE_KEY = Patch(
    "localstack.services.logs.provider:LogsProvider.associate_kms_key",
    what="a log group's key can be set",
    why="core does not have the operation",
    written_for=_CORE,
    fingerprint="e310aabe3c36",
)
DISASSOCIATE_KEY = Patch(
    "localstack.services.logs.provider:LogsProvider.disassociate_kms_key",
    what="a log group's key can be removed",
    why="core does not have the operation",
    written_for=_CORE,
    fingerprint="1653bed2f88c",
)
FILTER_LOG_EVENTS = Patch(
    "moto.logs.responses:LogsResponse.filter_log_events",
    what="FilterLogEvents orders events by their times, and knows logStreamNamePrefix and logGroupIdentifier",
    why="moto returns one stream after the other, and ignores both parameters",
    written_for="moto-ext 5.1.25",
    fingerprint="bcfea899647e",
)
GET_LOG_EVENTS = Patch(
    "moto.logs.models:LogStream.get_log_events",
    what="GetLogEvents returns the events before endTime; the token of a stream without events misses none",
    why="moto returns those of endTime, too, and skips the first event after such a token",
    written_for="moto-ext 5.1.25",
    fingerprint="b03032f5f4ea",
)
DESCRIBE_LOG_GROUPS = Patch(
    "localstack.services.logs.provider:LogsProvider.describe_log_groups",
    what="DescribeLogGroups has pages, filters, and the class and the protection of a group",
    why="core returns all groups at once, each of class STANDARD",
    written_for=_CORE,
    fingerprint="ffc63199c635",
)
LIST_LOG_GROUPS = Patch(
    "localstack.services.logs.provider:LogsProvider.list_log_groups",
    what="ListLogGroups returns the class of each group",
    why="core returns STANDARD",
    written_for=_CORE,
    fingerprint="1a31139f3aee",
)
KEEP_CLASS_OF_GROUP = Patch(
    "localstack.services.logs.provider:LogsProvider.create_log_group",
    what="the class and the protection of a log group are kept",
    why="core drops them; Terraform then plans to replace a group of another class for ever",
    written_for=_CORE,
    fingerprint="5fdc7a86108d",
)
PROTECT_LOG_GROUP = Patch(
    "localstack.services.logs.provider:LogsProvider.put_log_group_deletion_protection",
    what="a log group can be protected from deletion",
    why="core does not have the operation",
    written_for=_CORE,
    fingerprint="b3ed71fd1acd",
)
TEST_METRIC_FILTER = Patch(
    "localstack.services.logs.provider:LogsProvider.test_metric_filter",
    what="TestMetricFilter says which messages match a pattern",
    why="core does not have the operation",
    written_for=_CORE,
    fingerprint="5d884f7c1fc5",
)
DELETE_LOG_GROUP = Patch(
    "moto.logs.models:LogsBackend.delete_log_group",
    what="a protected log group is not deleted",
    why="moto knows no protection",
    written_for="moto-ext 5.1.25",
    fingerprint="2c2ae67600f2",
)
READ_STREAMS_FOR_FIREHOSE = Patch(
    "localstack.utils.kinesis.kinesis_connector:listen_to_kinesis",
    what="a delivery stream reads its source stream in LocalStack's process, as its role",
    why="core runs AWS's Java consumer, which it downloads: without a network the delivery stream fails, in silence",
    written_for=_CORE,
    fingerprint="7fb7143d436f",
)
PUT_TO_FIREHOSE = Patch(
    "localstack.services.firehose.provider:FirehoseProvider._put_records",
    what="what delivers records knows of which delivery stream they are",
    why="core passes on its name alone",
    written_for=_CORE,
    fingerprint="a0234b300774",
)
PROCESS_FOR_FIREHOSE = Patch(
    "localstack.services.firehose.provider:FirehoseProvider._preprocess_records",
    what="transforming functions get ids and what they return counts; delimiters are appended",
    why="core delivers whatever a function returns, calls it as nobody, and knows no other processor",
    written_for=_CORE,
    fingerprint="4785dc41bb47",
)
PUT_TO_BUCKET = Patch(
    "localstack.services.firehose.provider:FirehoseProvider._put_records_to_s3_bucket",
    what="expressions in prefixes are evaluated, and objects are compressed",
    why="core writes prefixes as they are, and never compresses",
    written_for=_CORE,
    fingerprint="4fc78e7a9317",
)
DESCRIBE_HTTP_DESTINATION = Patch(
    "localstack.services.firehose.provider:HttpEndpointDestinationConfiguration",
    what="the description of an HTTP endpoint has its S3 destination, and failed records go there",
    why="core drops what the configuration does not have, when it describes a delivery stream, from what it keeps, too",
    written_for=_CORE,
    fingerprint="c012de8b6c89",
)
DELETE_MAPPING = Patch(
    f"{_LAMBDA}.provider:LambdaProvider.delete_event_source_mapping",
    what="a mapping that is being created or updated is not deleted",
    why="core deletes it in every state",
    written_for=_CORE,
    fingerprint="705da1f83813",
)
ADD_CHANGE = Patch(
    "moto.dynamodb.models.table:StreamShard.add",
    what="a write has one record in the table's stream, and none if it changes nothing or the stream is disabled",
    why="moto writes two if an update creates an item, and one without a change; without a stream it fails",
    written_for="moto-ext 5.1.25",
    fingerprint="3ef1e8225873",
)
