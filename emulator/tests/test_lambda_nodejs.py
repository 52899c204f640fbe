"""Functions of Node.js: forms of handlers, context, log, errors, and what they see of the machine.

They run with each version of Node.js that this machine has. LAMBDA_INTERPRETERS names more.
"""

import json
import os
import re
from base64 import b64encode
from collections.abc import Callable
from textwrap import dedent
from typing import Any

import pytest

from pipeline_emulator.lambda_runtime.runtimes import search
from pipeline_emulator.lambda_runtime.runtimes.versions import NODES

pytestmark = pytest.mark.local_only

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def missing(major: int) -> str:
    """Return why functions of a major version cannot be tested on this machine, empty if they can."""
    try:
        found = search.node(major)
    except RuntimeError as error:
        return str(error)
    return "" if found.numbers[0] == major else f"Node.js {found.version} takes the place of {major}"


@pytest.fixture(params=[major for major in NODES if not missing(major)] or NODES[:1])
def major(request: pytest.FixtureRequest) -> int:
    """Each major version of Node.js that this machine has."""
    number: int = request.param
    if reason := missing(number):
        pytest.skip(reason)
    return number


@pytest.mark.parametrize("number", NODES)
def test_this_machine_has_node(number: int) -> None:
    if reason := missing(number):
        if os.environ.get("CI") and all(map(missing, NODES)):
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture
def create_node(create_function: Callable[..., Any], major: int) -> Callable[..., Any]:
    """Return a factory of functions of Node.js, from files by name or the source of `index.js`."""

    def create(source: str | dict[str, str], **arguments: Any) -> Any:
        files = {"index.js": source} if isinstance(source, str) else source
        files = {name: dedent(text) for name, text in files.items()}
        defaults = {"Runtime": f"nodejs{major}.x", "Handler": "index.handler"}
        function = create_function("", files, **{**defaults, **arguments})
        assert function.configuration()["State"] == "Active", function.configuration()
        return function

    return create


FORMS = {
    "CommonJS, async": ("index.handler", {"index.js": "exports.handler = async (event) => [event];"}),
    "CommonJS, promise": ("index.handler", {"index.cjs": "exports.handler = (event) => Promise.resolve([event]);"}),
    "module.exports": ("index.run", {"index.js": "module.exports = { run: async (event) => [event] };"}),
    "ES module": ("index.handler", {"index.mjs": "export const handler = async (event) => [event];"}),
    "ES module by package.json": (
        "index.handler",
        {"index.js": "export const handler = async (event) => [event];", "package.json": '{"type": "module"}'},
    ),
    "ES module with top-level await": (
        "index.handler",
        {
            "index.mjs": "const made = await Promise.resolve((event) => [event]);\n"
            "export const handler = async (event) => made(event);"
        },
    ),
    "default export": ("index.handler", {"index.mjs": "export default { handler: async (event) => [event] };"}),
    "nested": ("index.deep.er.handler", {"index.js": "exports.deep = { er: { handler: async (event) => [event] } };"}),
    "in a folder": (
        "src/app/main.handler",
        {
            "src/app/main.js": "exports.handler = async (e) => require('./other')(e);",
            "src/app/other.js": "module.exports = (e) => [e];",
        },
    ),
    "package": (
        "index.handler",
        {
            "index.mjs": 'import wrap from "wrap";\nexport const handler = async (e) => wrap(e);',
            "node_modules/wrap/index.js": "module.exports = (e) => [e];",
        },
    ),
}


@pytest.mark.variants
@pytest.mark.parametrize("form", FORMS)
def test_forms_of_handlers(create_node: Callable[..., Any], form: str) -> None:
    handler, files = FORMS[form]

    answer = create_node(files, Handler=handler).invoke({"a": "ü"})

    assert (answer.error, answer.payload) == (None, [{"a": "ü"}])


CALLBACKS = {
    "result": ("(e, c, callback) => callback(null, e)", "event"),
    "later": ("(e, c, callback) => { setTimeout(() => callback(null, e), 50); }", "event"),
    "error": ("(e, c, callback) => callback(new TypeError('no'))", {"errorType": "TypeError", "errorMessage": "no"}),
    "thrown": (
        "(e, c, callback) => { throw new RangeError('far'); }",
        {"errorType": "RangeError", "errorMessage": "far"},
    ),
    "succeed": ("(e, c) => { c.succeed(e); }", "event"),
    "fail": ("(e, c) => { c.fail('bad'); }", {"errorType": "string", "errorMessage": "bad"}),
    "never": ("(e, c, callback) => { setTimeout(() => {}, 10); }", None),
    "returned": ("(e) => e", None),
    "promise without end": ("(e) => new Promise(() => {})", None),
    "waits": ("(e, c, callback) => { setTimeout(() => console.log('after'), 300); callback(null, e); }", "event"),
    "does not wait": (
        "(e, c, callback) => {"
        " c.callbackWaitsForEmptyEventLoop = false; setTimeout(() => {}, 60000); callback(null, e); }",
        "event",
    ),
}


@pytest.mark.variants
@pytest.mark.parametrize("form", CALLBACKS)
def test_callbacks(create_node: Callable[..., Any], major: int, form: str) -> None:
    if major >= 24:
        pytest.skip("Node.js 24 has no callbacks")
    source, expected = CALLBACKS[form]
    function = create_node(f"exports.handler = {source};")

    answers = [function.invoke("event") for _ in range(2)]

    for answer in answers:
        if isinstance(expected, dict):
            assert answer.error == "Unhandled"
            assert answer.payload.items() >= expected.items()
        else:
            assert (answer.error, answer.payload) == (None, expected)
    assert ("\tafter\n" in answers[0].log) == (form == "waits")


def test_node_24_takes_what_a_handler_returns_and_no_callbacks(create_node: Callable[..., Any], major: int) -> None:
    if major < 24:
        pytest.skip("older versions have callbacks")

    assert create_node("exports.handler = (event) => event;").invoke(7).payload == 7
    refused = create_node("exports.handler = (event, context, callback) => callback(null, event);").invoke(7)
    assert refused.payload["errorType"] == "Runtime.CallbackHandlerDeprecated"


def test_context_and_environment(create_node: Callable[..., Any], major: int) -> None:
    function = create_node(
        "exports.handler = async (event, context) => ({ ...context, left: context.getRemainingTimeInMillis(),"
        " environment: { ...process.env }, path: process.execPath, version: process.versions.node });",
        Timeout=7,
        MemorySize=192,
        Environment={"Variables": {"RUN_ID": "abc"}},
    )
    context = b64encode(json.dumps({"custom": {"key": "Wert ü"}}, ensure_ascii=False).encode()).decode()

    found = function.invoke({}, ClientContext=context).payload

    assert 5000 < found["left"] <= 7000
    assert found["clientContext"] == {"custom": {"key": "Wert ü"}}
    assert found["invokedFunctionArn"] == function.arn
    assert found["functionName"] == function.name
    assert (found["functionVersion"], found["memoryLimitInMB"]) == ("$LATEST", "192")
    assert found["logGroupName"] == f"/aws/lambda/{function.name}"
    assert re.fullmatch(r"[0-9a-f-]{36}", found["awsRequestId"])
    assert found["version"].startswith(f"{major}.")
    environment = found["environment"]
    assert environment["AWS_EXECUTION_ENV"] == f"AWS_Lambda_nodejs{major}.x"
    assert environment["RUN_ID"] == "abc"
    assert (environment["PWD"], environment["SHLVL"]) == (environment["LAMBDA_TASK_ROOT"], "0")
    assert environment["_X_AMZN_TRACE_ID"].startswith("Root=1-")
    if environment["LAMBDA_TASK_ROOT"] == "/var/task":
        assert environment["NODE_PATH"] == (
            f"/opt/nodejs/node{major}/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules"
            ":/var/runtime:/var/task"
        )
        assert found["path"] == "/var/lang/bin/node"


def test_lines_of_the_log(create_node: Callable[..., Any], eventually: Callable[..., Any], major: int) -> None:
    function = create_node(
        """
        console.log("at the start");
        exports.handler = async (event, context) => {
          console.log("text %s", "formatted", { a: [1] });
          console.warn("several\\nlines");
          console.error(new Error("shown"));
          process.stdout.write("without a frame\\n");
          return context.awsRequestId;
        };
        """
    )
    answer = function.invoke()
    identifier = answer.payload

    eventually(lambda: answer.log.splitlines()[-2] in "".join(function.log_events()), "the log is delivered")
    events = function.log_events()
    nobody = "undefined" if major < 24 else "-"
    assert re.search(rf"^{TIME}\t{nobody}\tINFO\tat the start$", "".join(events), re.MULTILINE), events
    assert re.search(rf"^{TIME}\t{identifier}\tINFO\ttext formatted {{ a: \[ 1 \] }}$", answer.log, re.MULTILINE)
    assert [event for event in events if re.fullmatch(rf"{TIME}\t{identifier}\tWARN\tseveral\nlines\n", event)]
    assert re.search(rf"^{TIME}\t{identifier}\tERROR\tError: shown$", answer.log, re.MULTILINE)
    assert "\nwithout a frame\n" in answer.log


def test_log_as_json_from_its_level(create_node: Callable[..., Any]) -> None:
    function = create_node(
        """
        exports.handler = async () => {
          console.debug("left out");
          console.info("text", 1);
          console.warn({ key: "value" });
          console.error("bad", new RangeError("far"));
        };
        """,
        LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "INFO"},
    )
    answer = function.invoke()

    assert answer.error is None, answer
    documents = [json.loads(line) for line in answer.log.splitlines() if line.startswith("{")]
    lines = [document for document in documents if not document.get("type", "").startswith("platform.")]
    found = [(line["level"], line["message"], line.get("errorType")) for line in lines]
    assert found == [
        ("INFO", "text 1", None),
        ("WARN", {"key": "value"}, None),
        ("ERROR", lines[2]["message"], "RangeError"),
    ]
    assert lines[2]["errorMessage"] == "far"
    assert all(re.fullmatch(r"[0-9a-f-]{36}", line["requestId"]) for line in lines)


def test_an_error_has_its_trace(create_node: Callable[..., Any]) -> None:
    function = create_node(
        """
        class OrderError extends Error { name = "OrderError"; order = 7; }
        const inner = () => { throw new OrderError("no stock: ü"); };
        exports.handler = async () => inner();
        """
    )
    answer = function.invoke()

    assert answer.error == "Unhandled"
    assert (answer.payload["errorType"], answer.payload["errorMessage"]) == ("OrderError", "no stock: ü")
    assert answer.payload["trace"][0] == "OrderError: no stock: ü"
    assert "index.js:3:" in answer.payload["trace"][1]
    logged = json.loads(re.search(r"\tERROR\tInvoke Error \t(.*)\n", answer.log).group(1))  # type: ignore[union-attr]
    assert (logged["errorType"], logged["order"]) == ("OrderError", 7)
    assert logged["stack"] == answer.payload["trace"]
    assert function.invoke().payload["errorType"] == "OrderError", "the environment goes on"


def test_an_unhandled_rejection_ends_the_runtime(create_node: Callable[..., Any], major: int) -> None:
    function = create_node(
        """
        let count = 0;
        exports.handler = async (event) => {
          count += 1;
          if (event === "reject") {
            Promise.reject(new Error("forgotten"));
            await new Promise((resolve) => setTimeout(resolve, 2000));
          }
          if (event === "throw") {
            setTimeout(() => { throw new RangeError("later"); }, 0);
            await new Promise((resolve) => setTimeout(resolve, 2000));
          }
          return count;
        };
        """
    )
    assert function.invoke().payload == 1

    rejected = function.invoke("reject")

    assert rejected.error == "Unhandled"
    if major < 24:
        assert rejected.payload["errorType"] == "Runtime.UnhandledPromiseRejection"
        assert rejected.payload["errorMessage"] == "Error: forgotten"
        assert "\tERROR\tUnhandled Promise Rejection \t" in rejected.log
    else:
        assert rejected.payload["errorType"] == "Runtime.ExitError"
    assert function.invoke().payload == 1, "a new process"
    thrown = function.invoke("throw").payload
    assert thrown["errorType"] == ("RangeError" if major < 24 else "Runtime.ExitError")


LOADING = {
    "missing module": (
        "index.handler",
        "require('absent')",
        "Runtime.ImportModuleError",
        "Cannot find module 'absent'",
    ),
    "missing file": ("other.handler", "", "Runtime.ImportModuleError", "Cannot find module 'other'"),
    "missing export": (
        "index.absent",
        "exports.handler = 1;",
        "Runtime.HandlerNotFound",
        "index.absent is undefined or not exported",
    ),
    "no function": (
        "index.handler",
        "exports.handler = 'text';",
        "Runtime.HandlerNotFound",
        "index.handler is not a function",
    ),
    "syntax": ("index.handler", "exports.handler = (", "Runtime.UserCodeSyntaxError", "SyntaxError"),
    "no export named": ("index", "exports.handler = 1;", "Runtime.MalformedHandlerName", "Bad handler"),
    "parent folder": (
        "../index.handler",
        "exports.handler = 1;",
        "Runtime.MalformedHandlerName",
        "is not a valid handler name",
    ),
    "exception": ("index.handler", "throw new RangeError('at the start')", "RangeError", "at the start"),
}


@pytest.mark.variants
@pytest.mark.parametrize("case", LOADING)
def test_a_handler_that_cannot_be_loaded(create_node: Callable[..., Any], case: str) -> None:
    handler, source, error_type, message = LOADING[case]

    answer = create_node(source, Handler=handler).invoke()

    assert answer.error == "Unhandled"
    assert answer.payload["errorType"] == error_type, answer
    assert message in answer.payload["errorMessage"]
    assert isinstance(answer.payload["trace"], list)


def test_an_answer_that_is_no_json_is_an_error(create_node: Callable[..., Any]) -> None:
    function = create_node("exports.handler = async (e) => { const a = {}; a.a = a; return e ? a : undefined; };")

    assert function.invoke(1).payload["errorType"] == "Runtime.JSONStringifyError"
    assert function.invoke(0).payload is None


def test_process_ends_and_timeouts_are_reported(create_node: Callable[..., Any]) -> None:
    function = create_node(
        "exports.handler = async (e) => e === 'exit' ? process.exit(3) : new Promise((r) => setTimeout(r, 60000));",
        Timeout=2,
    )

    assert function.invoke("exit").payload["errorMessage"].endswith("Runtime exited with error: exit status 3")
    assert "Task timed out after 2.00 seconds" in function.invoke("sleep").payload["errorMessage"]


def test_node_options_can_switch_features_on(create_node: Callable[..., Any], major: int) -> None:
    files = {
        "index.js": "const m = require('./m.mjs');\nexports.handler = async () => m.value;",
        "m.mjs": "export const value = 1;",
    }
    assert create_node(files).invoke().payload["errorType"] == "Error"  # ERR_REQUIRE_ESM, as on AWS
    if major >= 22:
        chosen = {"Variables": {"NODE_OPTIONS": "--experimental-require-module"}}
        assert create_node(files, Environment=chosen).invoke().payload == 1


def test_the_machine_stays_hidden(create_node: Callable[..., Any]) -> None:
    function = create_node(
        """
        const fs = require("fs"), { execFileSync } = require("child_process");
        const attempt = (action) => { try { return action(); } catch (error) { return error.code; } };
        exports.handler = async (paths) => ({
          visible: paths.filter((path) => attempt(() => fs.lstatSync(path) && true) === true),
          written: attempt(() => fs.writeFileSync("/var/task/new", "x")),
          tmp: attempt(() => fs.writeFileSync("/tmp/new", "x") ?? "written"),
          runtime: attempt(() => fs.writeFileSync("/var/runtime/index.mjs", "x")),
          python: fs.existsSync("/var/lang/bin/python"),
          root: fs.readdirSync("/"),
          ids: [process.getuid(), process.getgid()],
          shell: execFileSync("/bin/sh", ["-c", "echo $((1 + 1))"]).toString(),
        });
        """
    )
    localstack = function.localstack
    paths = [
        "/etc/shadow",
        "/root",
        "/var/run/docker.sock",
        "/run/docker.sock",
        "/home",
        "/sys",
    ]

    answer = function.invoke([*paths, str(localstack.folder), __file__])

    if "Lambda isolation: process group" in localstack.log():
        pytest.skip("this machine allows no sandbox")
    assert answer.error is None, answer
    found = answer.payload
    assert found["visible"] == []
    assert (found["written"], found["runtime"], found["tmp"]) == ("EROFS", "EROFS", "written")
    assert (found["python"], found["ids"], found["shell"]) == (False, [993, 990], "2\n")


@pytest.mark.long_proof
def test_without_namespaces(create_function: Callable[..., Any], start_localstack: Callable[..., Any]) -> None:
    where = start_localstack(LAMBDA_PROCESS_ISOLATION="process-group")
    source = "exports.handler = async (event) => [event, process.env.LAMBDA_TASK_ROOT === __dirname];"
    function = create_function("", {"index.js": source}, Runtime="nodejs20.x", Handler="index.handler", where=where)

    assert function.invoke(1).payload == [1, True]
