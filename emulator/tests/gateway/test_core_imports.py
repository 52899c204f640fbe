"""What a start leaves out is imported and compiled once it is needed."""

import subprocess
import sys
from collections.abc import Callable
from textwrap import dedent
from typing import Any

import pytest

pytestmark = pytest.mark.local_only

LEFT_OUT = ("openapi_core", "moto.apigateway", "localstack.services.apigateway", "localstack.services.sns")


def test_a_start_leaves_it_out(start_localstack: Callable[..., Any]) -> None:
    log = start_localstack(PYTHONPROFILEIMPORTTIME="1").log()
    imported = [line.rpartition("|")[2].strip() for line in log.splitlines() if line.startswith("import time:")]
    assert {"localstack.services.lambda_.invocation.models", "moto.core"} <= set(imported)
    assert [name for name in imported if name in LEFT_OUT or name.startswith(tuple(f"{n}." for n in LEFT_OUT))] == []


def run(source: str) -> None:
    """Run Python after core has been imported, in a process of its own."""
    begin = "import gc, sys\nfrom pipeline_emulator.gateway import core_imports\ncore_imports.begin()\n"
    done = subprocess.run([sys.executable, "-c", begin + dedent(source)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.mark.long_proof
def test_requests_can_be_validated_later() -> None:
    run("""
        from localstack import config
        from localstack.aws import handlers
        from localstack.aws.api import RequestContext
        from localstack.http import Request, Response
        assert "openapi_core" not in sys.modules
        import openapi_core  # others may use it

        class Chain:
            stopped = False
            def stop(self):
                self.stopped = True

        def answered(validate):
            config.OPENAPI_VALIDATE_REQUEST = validate
            chain, response = Chain(), Response()
            request = Request("POST", "/_localstack/config", body=b"[]", headers={"Host": "localhost:4566"})
            handlers.validate_request_schema(chain, RequestContext(request), response)
            return chain.stopped, response.status_code

        assert answered(False) == (False, 200)
        assert answered(True) == (True, 400)
    """)


@pytest.mark.long_proof
def test_events_can_go_to_api_destinations() -> None:
    run("""
        from localstack.utils.aws import message_forwarding
        assert not any(name.startswith("moto.apigateway") for name in sys.modules)
        found = message_forwarding.add_target_http_parameters(
            {"QueryStringParameters": {"b": "2"}}, "http://localhost/?a=1", {}, None
        )
        assert found == "http://localhost/?a=1&b=2", found
    """)


@pytest.mark.long_proof
def test_urls_can_be_built_from_routes() -> None:
    run("""
        from werkzeug.routing import Map, Rule
        rules = [
            Rule("/a/<b>/c", endpoint="e", defaults={"d": 1}),
            Rule("/", endpoint="root", host="<rule>.org"),
        ]
        urls = Map(rules, host_matching=True)
        built = urls.bind("localhost")
        assert built.build("e", {"b": "x y", "q": 1}, force_external=False).endswith("/a/x%20y/c?q=1")
        assert built.build("e", {"b": "x", "q": 1}, append_unknown=False).endswith("/a/x/c")
        assert built.build("root", {"rule": "a"}) == "http://a.org/"
    """)


def test_garbage_is_collected_after_the_start() -> None:
    run("""
        from pipeline_emulator.services import freeze_loaded_objects
        assert not gc.isenabled()
        freeze_loaded_objects()
        assert gc.isenabled()
        assert gc.get_freeze_count() > 10_000
    """)
