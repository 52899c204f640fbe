"""Which requests the page's server serves. integration_tests/test_dashboard.py asks a running one."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers

from harness.dashboard.guard import Guard

OWN = {"host": "127.0.0.1:8566"}
TOKEN = {"x-pipeline-token": "right"}


def problem(method: str, headers: dict[str, str]) -> str | None:
    return Guard(Starlette(), 8566, "right").problem(method, Headers(headers))


@pytest.mark.parametrize(
    "more", [{}, {"host": "localhost:8566"}, {"origin": "http://127.0.0.1:8566"}, {"sec-fetch-site": "none"}]
)
def test_the_page_itself_is_served(more: dict[str, str]) -> None:
    assert problem("GET", OWN | more) is None


@pytest.mark.parametrize(
    "more",
    [
        {"host": "evil.example"}, {"host": "127.0.0.1:4566"}, {"host": ""}, {"origin": "null"},
        {"origin": "http://localhost:8566"}, {"origin": "https://127.0.0.1:8566"},
        {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"},
    ],
)  # fmt: skip
def test_others_are_refused_even_with_the_token(more: dict[str, str]) -> None:
    assert problem("GET", OWN | TOKEN | more)
    assert problem("POST", OWN | TOKEN | more)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_change_needs_the_token(method: str) -> None:
    assert problem(method, OWN)
    assert problem(method, OWN | {"x-pipeline-token": "wrong"})
    assert problem(method, OWN | TOKEN) is None
