"""Shows what runs of a stack, and whether it is healthy. It answers within a second, so it imports little."""

from __future__ import annotations

from harness import console
from harness.errors import NoAnswerError
from harness.local import page, usage
from harness.machine.environment import EMULATOR_SETTINGS
from harness.stack import interface, mapping, named
from harness.stack.clients import Clients
from harness.stack.state import DOCKER, Stack


def show(stack: Stack) -> None:
    """Print what runs, and the state of function, mapping and streams."""
    named.check(stack)
    clients = Clients(stack)
    rows = names(stack)
    functions, kinesis, resources = clients.functions, clients.kinesis, stack.resources
    found = mapping.find(functions, resources)
    function = functions.get_function_configuration(FunctionName=found["FunctionArn"])
    rows.append(("live version", f"{function['Version']}, {function.get('State', '?')}"))
    rows.append(("event source mapping", f"{found['State']}, {found.get('LastProcessingResult', '?')}"))
    for stream in (resources.source_stream, resources.output_stream):
        summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
        rows.append((summary["StreamName"], f"{summary['StreamStatus']}, {summary['OpenShardCount']} shards"))
    if stack.runtime != DOCKER:
        rows.append(("function isolation", _isolation(stack)))
    running = usage.of(stack)
    what = "containers" if stack.runtime == DOCKER else "processes"
    rows.append((what, f"{len(running)}, {sum(used.memory_bytes for used in running) / 2**20:.0f} MiB resident"))
    console.pairs(rows)


def _isolation(stack: Stack) -> str:
    """Return in one line how the emulator isolates functions on this machine."""
    unknown = NoAnswerError("this LocalStack does not say", "it is an older one: make local-down local-up")
    try:
        return str(interface.ask(stack, "GET", "/_pipeline/isolation", absent=unknown)["isolation"])
    except NoAnswerError as error:
        return f"unknown ({error.cause})"


def names(stack: Stack) -> list[tuple[str, str]]:
    """Return the addresses of a stack and the names of its resources."""
    rows = [("endpoint", stack.endpoint_url)]
    if shown_at := page.running(stack.name):
        rows.append(("page", shown_at.url))
    if stack.mlflow_port:
        rows.append(("MLflow", stack.mlflow_url))
    if stack.outputs.get("image_uri"):
        rows.append(("image", str(stack.outputs["image_uri"])))
    resources = stack.resources
    for title, found in (
        ("source stream", resources.source_stream),
        ("output stream", resources.output_stream),
        ("function", resources.function),
        ("model bucket", resources.model_bucket),
        ("failed events", resources.failed_events),
        ("model (RUN_ID)", stack.run_id),
    ):
        rows += [(title, found)] if found else []
    changed = [f"{name}={value}" for name, value in stack.settings.items() if value != EMULATOR_SETTINGS.get(name)]
    return [*rows, *([("settings", " ".join(changed))] if changed else [])]
