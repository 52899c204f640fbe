"""Answers malformed requests with AWS's errors 400 instead of an error 500.

Core's parsers accept JSON of other types than the service's model has, and then a service fails somewhere; and any
exception of a parser or a service becomes an InternalError 500. Here the parsers check types, and what would be a 500
is a 400 if the request violates the model. Valid requests take the same way as before.

Codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html for S3, "Common Errors" of each service's API
reference for the others, https://smithy.io/2.0/aws/protocols/index.html for unknown operations.
"""

import logging
from typing import Any

from botocore.model import OperationNotFoundError
from localstack.aws.api import CommonServiceException, RequestContext, ServiceException
from localstack.aws.protocol.parser import OperationNotFoundParserError, ProtocolParserError, RequestParserError
from localstack.aws.protocol.serializer import create_serializer
from localstack.http import Response

from pipeline_emulator import patches
from pipeline_emulator.gateway import kinesis_values, service_failures
from pipeline_emulator.kinesis.provider.validation import RequestValidator, failure
from pipeline_emulator.kinesis.streams.errors import ValidationError

LOG = logging.getLogger(__name__)

_QUERY = {"query", "ec2"}
_INTEGERS = {"integer": 2**31, "long": 2**63}
# Codes of services that differ from others with the same protocol.
_INVALID = {"ecr": "InvalidParameterException", "logs": "InvalidParameterException", "sqs": "InvalidParameterValue"}
_INVALID_BY_PROTOCOL = {"query": "ValidationError", "ec2": "InvalidParameterValue", "rest-xml": "InvalidArgument"}
# Kinesis is validated as a whole. SQS and S3 have errors of their own for what is missing.
_OWN_CHECKS = frozenset({"kinesis", "sqs", "sqs-query", "s3"})
_XML_ELEMENT = "'<Element "
_validator = RequestValidator()


def install() -> None:
    """Check types and required members, and answer what would be a 500 with a 400 if the request is malformed."""
    patches.PARSE_JSON_STRINGS.replace(_json_string)
    patches.PARSE_JSON_INTEGERS.replace(_json_integer)
    patches.PARSE_JSON_LONGS.replace(_json_integer)
    patches.PARSE_JSON_BOOLEANS.replace(_json_boolean)
    kinesis_values.install()
    patches.PARSE_XML_STRINGS.replace(_xml_string)

    patches.REQUIRE_MEMBERS.append(_require_members)

    @patches.PARSE_JSON_LISTS.wrap
    def parse_list(original: Any, self: Any, request: Any, shape: Any, node: Any, uri_params: Any = None) -> Any:
        if type(node) is not list and type(node) is not tuple:
            raise _wrong_type(shape, node)
        return original(self, request, shape, node, uri_params)

    @patches.ANSWER_MALFORMED_REQUESTS.wrap
    def create_exception_response(original: Any, self: Any, exception: Exception, context: RequestContext) -> Any:
        if isinstance(exception, CommonServiceException) and context.service and context.operation is None:
            return _response(exception, context)  # core's serializer needs an operation
        if isinstance(exception, ServiceException) or (error := _error(exception, context)) is None:
            return original(self, exception, context)
        return _response(error, context)


def _require_members(_chain: Any, context: RequestContext, _response: Response) -> None:
    """Refuse a request without a required member before the service gets it.

    Core's parsers put None in its place, and a service may store that: after a CreateUser without a name, every
    ListUsers failed.

    Raises:
        CommonServiceException: a required member is missing.
    """
    operation, service = context.operation, context.service
    if operation is None or service is None or service.service_name in _OWN_CHECKS:
        return
    request, shape = context.service_request or {}, operation.input_shape
    if shape is None:
        return
    body = shape.serialization.get("payload")
    missing = [name for name in shape.required_members if request.get(name) is None and name != body]
    if missing:
        errors = [failure("null ", name[0].lower() + name[1:], "Member must not be null") for name in missing]
        count = f"{len(errors)} validation error{'s' if len(errors) > 1 else ''} detected"
        raise _bad_request(_invalid_code(context), f"{count}: {'; '.join(errors)}")


def _error(exception: Exception, context: RequestContext) -> CommonServiceException | None:
    """Return AWS's error for a malformed request, or None if the exception is not the request's fault."""
    if isinstance(exception, RequestParserError):
        if isinstance(exception.__cause__, CommonServiceException):  # reading the body has refused it
            return exception.__cause__
        LOG.debug("Malformed request: %s", exception, exc_info=exception)
        return _unparsable(exception, context)
    if isinstance(exception, NotImplementedError) or context.operation is None:
        return None
    if context.service_request is None and context.operation.input_shape is not None:
        return _bad_request("SerializationException", "")  # the JSON value null
    try:
        _validator.validate(context.operation, context.service_request)
    except ValidationError as error:
        LOG.debug("%s failed on an invalid request", context.operation.name, exc_info=exception)
        return _bad_request(_invalid_code(context), str(error))
    except Exception:  # the validator meets what the service has met
        LOG.debug("%s failed on a malformed request", context.operation.name, exc_info=exception)
        return _bad_request(_invalid_code(context), "The request is malformed.")
    if found := service_failures.find(_service(context), context.operation.name, exception):
        return _bad_request(found.code or _invalid_code(context), found.message, found.status)
    return None


def _unparsable(exception: RequestParserError, context: RequestContext) -> CommonServiceException:
    protocol = str(context.protocol)
    unknown = isinstance(exception, OperationNotFoundParserError) or isinstance(
        exception.__cause__, OperationNotFoundError
    )
    if protocol in _QUERY:
        return _unparsable_query(context, unknown=unknown)
    if protocol == "rest-xml":
        return _unparsable_xml(str(exception), unknown=unknown)
    if unknown:
        return _bad_request("UnknownOperationException", "", 404 if protocol == "rest-json" else 400)
    return _bad_request("SerializationException", str(exception) if isinstance(exception, ProtocolParserError) else "")


def _unparsable_query(context: RequestContext, *, unknown: bool) -> CommonServiceException:
    try:
        action = context.request.values.get("Action")
    except Exception:  # the form cannot be decoded
        return _bad_request("MalformedQueryString", "The query string is malformed.")
    if not action:
        return _bad_request("MissingAction", "The request must contain the parameter Action.")
    if unknown:
        return _bad_request("InvalidAction", f"The action {action} is not valid for this web service.")
    return _bad_request("MalformedInput", "A parameter has a value that its type does not allow.")


def _unparsable_xml(message: str, *, unknown: bool) -> CommonServiceException:
    if unknown:
        return _bad_request("MethodNotAllowed", "The specified method is not allowed against this resource.", 405)
    if message.startswith("Invalid type") and _XML_ELEMENT not in message:
        return _bad_request("InvalidArgument", "Invalid Argument")  # a header, or a parameter of the query string
    return _bad_request(
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
    )


def _invalid_code(context: RequestContext) -> str:
    return _INVALID.get(_service(context)) or _INVALID_BY_PROTOCOL.get(str(context.protocol), "ValidationException")


def _service(context: RequestContext) -> str:
    assert context.service is not None
    return str(context.service.service_name).removesuffix("-query")


def _bad_request(code: str, message: str, status: int = 400) -> CommonServiceException:
    return CommonServiceException(code, message, status_code=status, sender_fault=True)


def _response(error: CommonServiceException, context: RequestContext) -> Any:
    service = context.service
    assert service is not None
    # Without an operation, any one serves: it decides nothing about an error of no shape.
    operation = context.operation or service.operation_model(service.operation_names[0])
    context.service_exception = error
    serializer: Any = create_serializer(service, context.protocol)
    return serializer.serialize_error_to_response(error, operation, context.request.headers, context.request_id)


def _wrong_type(shape: Any, node: object) -> ProtocolParserError:
    if isinstance(node, dict | list):
        kind = "structure or map" if isinstance(node, dict) else "list"
        return ProtocolParserError(f"Start of {kind} found where not expected")
    return ProtocolParserError(f"{type(node).__name__} cannot be converted to {shape.type_name}")


def _json_string(_self: Any, _request: Any, shape: Any, node: Any, _uri_params: Any = None) -> str:
    if type(node) is not str:
        raise _wrong_type(shape, node)
    if not node.isascii():
        node.encode()  # a lone surrogate is no character: ValueError
    return node


def _json_integer(_self: Any, _request: Any, shape: Any, node: Any, _uri_params: Any = None) -> int:
    if type(node) is not int:
        whole = (type(node) is float and node.is_integer()) or (type(node) is str and "location" in shape.serialization)
        if not whole:
            raise _wrong_type(shape, node)
        node = int(node)
    limit = _INTEGERS[shape.type_name]
    if not -limit <= node < limit:
        raise ProtocolParserError(f"{shape.type_name} out of range")
    return node  # type: ignore[no-any-return]


def _json_boolean(_self: Any, _request: Any, shape: Any, node: Any, _uri_params: Any = None) -> Any:
    if type(node) is not bool and "location" not in shape.serialization:
        raise _wrong_type(shape, node)
    return node


def _xml_string(_self: Any, _request: Any, shape: Any, node: Any, _uri_params: Any = None) -> str:
    if type(node) is str:
        return node
    if isinstance(node, list):  # an element that occurs more than once
        raise ProtocolParserError(f"Several elements for one {shape.name}")
    return node.text or ""
