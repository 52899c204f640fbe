"""The emulator's settings: one table behind the options, the environment variables and the README's table."""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """The type of a setting's value."""

    TEXT = "text"
    FLAG = "flag"
    NUMBER = "number"
    INTEGER = "integer"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    Attributes:
        name: keyword in Python; with dashes, the option.
        variable: environment variable that the launcher reads, and sets for LocalStack.
        default: empty if the variable stays unset.
        help: what the setting does, in one line.
        kind: how the value is parsed.
        choices: the valid values of a text; empty if any text is valid.
        minimum: smallest valid number.
        maximum: largest valid number.
        documented_default: the default in the documentation, where it is not `default` itself.
    """

    name: str
    variable: str
    default: str
    help: str
    kind: Kind = Kind.TEXT
    choices: tuple[str, ...] = ()
    minimum: float = 0
    maximum: float = float("inf")
    documented_default: str = ""

    @property
    def option(self) -> str:
        """The name of the option of `pipeline-emulator start`."""
        return "--" + self.name.replace("_", "-")


PORT, HOST = "4566", "127.0.0.1"

SETTINGS: tuple[Setting, ...] = (
    Setting("port", "PIPELINE_PORT", PORT, "port to listen on", Kind.INTEGER, minimum=1, maximum=65535),
    Setting(
        "host",
        "PIPELINE_HOST",
        HOST,
        "addresses to listen on, separated by commas. Functions in containers reach an emulator outside containers "
        "at the bridge's address: `127.0.0.1,172.17.0.1`",
    ),
    Setting(
        "public_host",
        "LOCALSTACK_HOST",
        "",
        "`host:port` in the URLs that services return, ECR's included",
        documented_default="`127.0.0.1:<port>`",
    ),
    Setting(
        "allowed_hosts",
        "PIPELINE_ALLOWED_HOSTS",
        "",
        "more names of the emulator, separated by commas. Requests are served for loopback, this machine's name and "
        "addresses, `LOCALSTACK_HOST`, these, and their subdomains, and to web pages of these hosts",
        documented_default="none",
    ),
    Setting(
        "data",
        "PIPELINE_DATA",
        "",
        "folder for everything the emulator writes; `stop` and `status` find the emulator by it",
        Kind.FOLDER,
        documented_default="`~/.local/state/pipeline-emulator`",
    ),
    Setting(
        "persistence",
        "PERSISTENCE",
        "0",
        "keep streams and the progress of event source mappings across restarts, `kill -9` included",
        Kind.FLAG,
    ),
    Setting(
        "iam_enforcement",
        "IAM_ENFORCEMENT",
        "on",
        "requests that IAM does not allow are refused (`on`), served and listed (`soft`) or not checked (`off`)",
        choices=("on", "soft", "off"),
    ),
    Setting(
        "root_key",
        "PIPELINE_ROOT_KEY",
        "",
        "an access key of the account's root user besides `test`",
        documented_default="none; in a container, its AWS_ACCESS_KEY_ID",
    ),
    Setting(
        "root_secret",
        "PIPELINE_ROOT_SECRET",
        "any",
        "secret for the root keys: `any` is accepted, or the signature must be made with `test`",
        choices=("any", "test"),
    ),
    Setting(
        "lambda_refuse_tracing",
        "LAMBDA_REFUSE_TRACING",
        "0",
        "refuse active tracing for a function whose role may not write traces; otherwise the denial is only listed",
        Kind.FLAG,
    ),
    Setting("faults", "FAULTS", "0", "allow fault injection at `/_pipeline/faults`", Kind.FLAG),
    Setting(
        "hot_reload",
        "HOT_RELOAD",
        "0",
        "allow changes of functions' code at `/_pipeline/code`, and debuggers at `/_pipeline/debug`",
        Kind.FLAG,
    ),
    Setting(
        "kinesis_enforce_limits",
        "KINESIS_ENFORCE_LIMITS",
        "0",
        "limit a shard to writes of 1 MiB and 1,000 records, and reads of 2 MiB and five GetRecords, per second; a"
        " stream to ten UpdateShardCount a day",
        Kind.FLAG,
    ),
    Setting(
        "kinesis_memory_limit_mb",
        "KINESIS_MEMORY_LIMIT_MB",
        "1024",
        "MiB of memory for the records of all streams; above it the oldest are trimmed, with a warning",
        Kind.NUMBER,
    ),
    Setting(
        "kinesis_latency_ms",
        "KINESIS_LATENCY_MS",
        "0",
        "how long a stream stays CREATING, UPDATING or DELETING",
        Kind.NUMBER,
    ),
    Setting(
        "kinesis_error_probability",
        "KINESIS_ERROR_PROBABILITY",
        "0",
        "share of PutRecord and PutRecords calls, 0 to 1, that fail with ProvisionedThroughputExceededException",
        Kind.NUMBER,
        maximum=1,
    ),
    Setting(
        "mapping_longest_retry_seconds",
        "MAPPING_LONGEST_RETRY_SECONDS",
        "5",
        "longest wait of an event source mapping before it invokes a failing function again, or reads again; waits "
        "double from 0.1 s",
        Kind.NUMBER,
        minimum=0.1,
        maximum=3600,
    ),
    Setting(
        "lambda_executor",
        "LAMBDA_RUNTIME_EXECUTOR",
        "auto",
        "`auto` runs functions from images in containers, and functions from Zips as processes, or in containers if "
        "this machine lacks their runtime and has an engine; `container` runs both in containers, `process` refuses "
        "functions from images",
        choices=("auto", "process", "container"),
    ),
    Setting(
        "lambda_base_images",
        "LAMBDA_RUNTIME_IMAGE_MAPPING",
        "",
        "base images of functions from Zips that run in containers: JSON such as "
        '`{"python3.12": "my-python:3.12"}`, or a pattern with `<runtime>`',
        documented_default="AWS's, such as `public.ecr.aws/lambda/python:3.13`",
    ),
    Setting(
        "lambda_runtime_dir",
        "PIPELINE_LAMBDA_RUNTIME_DIR",
        "",
        "folder with `awslambdaric` and `boto3` for functions from Zips; the first start, or "
        "`pipeline-emulator lambda-runtime`, creates the default one",
        Kind.FOLDER,
        documented_default="`~/.cache/pipeline-emulator/lambda-runtime-<hash>`",
    ),
    Setting(
        "lambda_interpreters",
        "LAMBDA_INTERPRETERS",
        "",
        "folders with interpreters for functions from Zips (`python3.12`, `node`), or with a `bin` folder that has "
        "them, separated by colons; the PATH and the versions of pyenv, uv and nvm are searched after them",
        documented_default="none",
    ),
    Setting(
        "lambda_process_isolation",
        "LAMBDA_PROCESS_ISOLATION",
        "",
        "how functions from Zips are isolated: `namespaces`, `user-namespaces` or `process-group`",
        choices=("namespaces", "user-namespaces", "process-group"),
        documented_default="the strongest that works; the log names it",
    ),
    Setting(
        "lambda_keepalive_ms",
        "LAMBDA_KEEPALIVE_MS",
        "600000",
        "how long an idle environment lives; at most 5 s after an alias has moved away from its version",
        Kind.INTEGER,
    ),
    Setting(
        "lambda_root_access",
        "LAMBDA_ROOT_ACCESS",
        "0",
        "functions may sign with the root user's keys (`test`), or not at all, and use the emulator's own HTTP "
        "interfaces",
        Kind.FLAG,
    ),
    Setting(
        "lambda_docker_network",
        "LAMBDA_DOCKER_NETWORK",
        "bridge",
        "network that function containers join; the emulator's own container must be in it",
    ),
    Setting(
        "docker_host", "DOCKER_HOST", "", "address of the container engine", documented_default="its default socket"
    ),
    Setting(
        "ecr_registry_url",
        "PIPELINE_ECR_REGISTRY_URL",
        "",
        "a registry (distribution 2.8 with `REGISTRY_STORAGE_DELETE_ENABLED=true`) that nothing else can reach",
        documented_default="the program `registry` or `docker-registry`, if it is installed; otherwise none: "
        "repositories without images",
    ),
    Setting(
        "stack",
        "PIPELINE_STACK",
        "",
        "a name for finding leftovers: every process started for the emulator has this variable, every container the "
        "label `pipeline-emulator.stack`",
        documented_default="none",
    ),
)


def documentation() -> str:
    """Return the README's table of settings."""
    lines = ["| option of `start` | variable | default | meaning |", "|---|---|---|---|"]
    for setting in SETTINGS:
        default = setting.documented_default or f"`{setting.default}`"
        lines.append(f"| `{setting.option}` | `{setting.variable}` | {default} | {setting.help} |")
    return "\n".join(lines) + "\n"
