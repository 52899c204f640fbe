"""The emulator's settings: one table, from which options, environment variables and the README's table come."""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a setting's value is."""

    TEXT = "text"
    FLAG = "flag"
    NUMBER = "number"
    INTEGER = "integer"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    Attributes:
        name: its keyword in Python; with dashes it is the option.
        variable: the environment variable that the launcher reads, and sets for LocalStack.
        default: empty where the variable stays unset.
        help: what it does, in one line.
        kind: how its value is read.
        choices: the only values that a text may have; any if empty.
        least: of a number.
        most: of a number.
        shown: what the documentation says of the default, where that is not the value itself.
    """

    name: str
    variable: str
    default: str
    help: str
    kind: Kind = Kind.TEXT
    choices: tuple[str, ...] = ()
    least: float = 0
    most: float = float("inf")
    shown: str = ""

    @property
    def option(self) -> str:
        """The option of `pipeline-emulator start`."""
        return "--" + self.name.replace("_", "-")


PORT, HOST = "4566", "127.0.0.1"

SETTINGS: tuple[Setting, ...] = (
    Setting("port", "PIPELINE_PORT", PORT, "port to listen on", Kind.INTEGER, least=1, most=65535),
    Setting(
        "host",
        "PIPELINE_HOST",
        HOST,
        "addresses to listen on, separated by commas. Functions in containers reach an emulator that runs "
        "outside at the bridge's address: `127.0.0.1,172.17.0.1`",
    ),
    Setting(
        "public_host",
        "LOCALSTACK_HOST",
        "",
        "`host:port` in the URLs that services hand out, ECR's included",
        shown="`127.0.0.1:<port>`",
    ),
    Setting(
        "data",
        "PIPELINE_DATA",
        "",
        "folder for everything the emulator writes; `stop` and `status` find the emulator by it",
        Kind.FOLDER,
        shown="`~/.local/state/pipeline-emulator`",
    ),
    Setting(
        "persistence",
        "PERSISTENCE",
        "0",
        "streams and the progress of event source mappings survive a restart, `kill -9` included",
        Kind.FLAG,
    ),
    Setting(
        "iam_enforcement",
        "IAM_ENFORCEMENT",
        "on",
        "`on`: what IAM does not allow is refused; `soft`: it is served and listed; `off`",
        choices=("on", "soft", "off"),
    ),
    Setting("faults", "FAULTS", "0", "faults can be injected at `/_pipeline/faults`", Kind.FLAG),
    Setting(
        "kinesis_enforce_limits",
        "KINESIS_ENFORCE_LIMITS",
        "0",
        "a shard takes 1 MiB and 1,000 records, and gives 2 MiB and five GetRecords, a second",
        Kind.FLAG,
    ),
    Setting(
        "kinesis_memory_limit_mb",
        "KINESIS_MEMORY_LIMIT_MB",
        "1024",
        "MiB that the records of all streams may take; above it the oldest are trimmed, with a warning",
        Kind.NUMBER,
    ),
    Setting(
        "kinesis_latency_ms",
        "KINESIS_LATENCY_MS",
        "0",
        "how long a stream is CREATING, UPDATING or DELETING",
        Kind.NUMBER,
    ),
    Setting(
        "kinesis_error_probability",
        "KINESIS_ERROR_PROBABILITY",
        "0",
        "share of PutRecord and PutRecords calls, 0 to 1, that fail with ProvisionedThroughputExceededException",
        Kind.NUMBER,
        most=1,
    ),
    Setting(
        "lambda_executor",
        "LAMBDA_RUNTIME_EXECUTOR",
        "process",
        "`process`: functions from Zips, as processes; `container`: functions from images, in containers",
        choices=("process", "container"),
    ),
    Setting(
        "lambda_runtime_dir",
        "PIPELINE_LAMBDA_RUNTIME_DIR",
        "",
        "folder with `awslambdaric` and `boto3` for functions from Zips; `pipeline-emulator lambda-runtime` makes the "
        "default one",
        Kind.FOLDER,
        shown="`~/.cache/pipeline-emulator/lambda-runtime-<hash>`",
    ),
    Setting(
        "lambda_process_isolation",
        "LAMBDA_PROCESS_ISOLATION",
        "",
        "how functions from Zips are kept apart: `namespaces`, `user-namespaces` or `process-group`",
        choices=("namespaces", "user-namespaces", "process-group"),
        shown="the best that works; the log names it",
    ),
    Setting(
        "lambda_keepalive_ms",
        "LAMBDA_KEEPALIVE_MS",
        "600000",
        "an idle environment ends after this time; one of a version that an alias has left, after 5 s at most",
        Kind.INTEGER,
    ),
    Setting(
        "lambda_docker_network",
        "LAMBDA_DOCKER_NETWORK",
        "bridge",
        "network that functions' containers join; the emulator's own container must be in it",
    ),
    Setting("docker_host", "DOCKER_HOST", "", "the container engine", shown="its default socket"),
    Setting(
        "ecr_registry_url",
        "PIPELINE_ECR_REGISTRY_URL",
        "",
        "a registry (distribution 2.8 with `REGISTRY_STORAGE_DELETE_ENABLED=true`) that nobody else reaches",
        shown="none: repositories without images",
    ),
    Setting(
        "stack",
        "PIPELINE_STACK",
        "",
        "a name; every process started for the emulator carries the variable, every container the label "
        "`pipeline-emulator.stack`, so that leftovers can be found",
        shown="none",
    ),
)


def documentation() -> str:
    """The README's table of settings."""
    lines = ["| option of `start` | variable | default | meaning |", "|---|---|---|---|"]
    for setting in SETTINGS:
        default = setting.shown or f"`{setting.default}`"
        lines.append(f"| `{setting.option}` | `{setting.variable}` | {default} | {setting.help} |")
    return "\n".join(lines) + "\n"
