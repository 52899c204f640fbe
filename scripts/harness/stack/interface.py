"""The emulator's own HTTP interface, below `/_pipeline/` of a stack's endpoint."""

from __future__ import annotations

import http.client
import json
from typing import Any

from harness.errors import NoAnswerError
from harness.stack.state import Stack

ANSWER_SECONDS = 30.0


def ask(
    stack: Stack,
    method: str,
    path: str,
    document: Any = None,
    *,
    absent: NoAnswerError,
    seconds: float = ANSWER_SECONDS,
) -> Any:
    """Make a request and return the JSON of the response.

    Args:
        stack: receives the request.
        method: GET, PUT or DELETE.
        path: the path, `/_pipeline/…`.
        document: sent as JSON.
        absent: raised, with the status in its cause, if the emulator has no such interface or refuses the document.
        seconds: until it counts as not responding.

    Raises:
        NoAnswerError: LocalStack does not respond, or has no such interface.
    """
    connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=seconds)
    try:
        connection.request(method, path, None if document is None else json.dumps(document))
        answer = connection.getresponse()
        body = answer.read()
    except OSError as error:
        raise NoAnswerError(f"LocalStack does not answer: {error}", "make local-status") from None
    finally:
        connection.close()
    if answer.status != http.HTTPStatus.OK:
        raise NoAnswerError(f"{absent.cause}: {path} answers {answer.status}", absent.next_step)
    return json.loads(body)
