"""The probes' toolbox: clients of an emulator, and small resources."""

from __future__ import annotations

import io
import json
import threading
import uuid
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from benchmarks.fidelity import leftovers
from harness.errors import HarnessError
from harness.machine.waiting import poll
from harness.stack.clients import CONFIG
from harness.stack.state import REGION, Stack

CODE = Path(__file__).with_name("probe_function.py")
# An image does not contain a probe's code, so the code comes as an argument and becomes a module for awslambdaric.
BOOT = """
import sys, types
from awslambdaric.__main__ import main
module = types.ModuleType("code_of_argument")
exec(compile(sys.argv[1], "code", "exec"), module.__dict__)
sys.modules["code_of_argument"] = module
main(["awslambdaric", "code_of_argument.handler"])
"""
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
ACCOUNT = {"AWS": "arn:aws:iam::000000000000:root"}
TRUST_HERE = {"Effect": "Allow", "Principal": ACCOUNT, "Action": "sts:AssumeRole"}
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


class Bench:
    """Clients and factories for one emulator, which is discarded afterwards with everything in it.

    Attributes:
        stack: the emulator.
        image: an image with awslambdaric in the emulator's ECR; empty if functions are Zips.
    """

    def __init__(self, stack: Stack, image: str = "") -> None:
        self.stack = stack
        self.image = image
        self._clients: dict[str, Any] = {}
        self._lock = threading.RLock()
        self._role = ""
        self._functions: list[str] = []

    @property
    def endpoint_url(self) -> str:
        """The emulator's endpoint URL."""
        return self.stack.endpoint_url

    def client(self, service: str, **credentials: str) -> Any:
        """A client for root, or for other credentials (arguments of boto3's Session); serialized: boto3 requires it."""
        with self._lock:
            if credentials or service not in self._clients:
                config = CONFIG.merge(Config(s3={"addressing_style": "path"}, max_pool_connections=20))
                keys: dict[str, Any] = credentials or {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
                session: Any = boto3.session.Session(region_name=REGION, **keys)
                made = session.client(service, endpoint_url=self.endpoint_url, config=config)
                if credentials:
                    return made
                self._clients[service] = made
            return self._clients[service]

    def name(self) -> str:
        """A new name."""
        return f"fidelity-{uuid.uuid4().hex[:10]}"

    def role(self, *statements: dict[str, Any], trust: dict[str, Any] = TRUST) -> tuple[str, str]:
        """Makes a role with one inline policy; returns its name and ARN."""
        iam, name = self.client("iam"), self.name()
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="probe", PolicyDocument=policy(*statements))
        return name, str(made["Role"]["Arn"])

    def session(self, role: str, **credentials: str) -> dict[str, str]:
        """Assumes a role, as root or with other credentials; returns the session's credentials, for `client`."""
        keys = self.client("sts", **credentials).assume_role(RoleArn=role, RoleSessionName="probe")["Credentials"]
        return {
            "aws_access_key_id": keys["AccessKeyId"],
            "aws_secret_access_key": keys["SecretAccessKey"],
            "aws_session_token": keys["SessionToken"],
        }

    def role_credentials(self, *statements: dict[str, Any]) -> dict[str, str]:
        """Credentials of a new role's session, for `client`; needed because root is refused nothing."""
        return self.session(self.role(*statements, trust=TRUST_HERE)[1])

    def key(self, *statements: dict[str, Any]) -> str:
        """Makes a key with a policy, or with KMS's default policy; returns its ARN."""
        wanted = {"Policy": policy(*statements)} if statements else {}
        made = self.client("kms").create_key(Description=self.name(), **wanted)
        return str(made["KeyMetadata"]["Arn"])

    def function_role(self) -> str:
        """ARN of a role that allows a function everything."""
        with self._lock:
            self._role = self._role or self.role(EVERYTHING)[1]
            return self._role

    def function(self, **settings: Any) -> str:
        """Makes a function of `probe_function.py` and waits until it can be invoked.

        Args:
            settings: more arguments for CreateFunction.

        Returns:
            Its name.

        Raises:
            HarnessError: the emulator cannot make it.
        """
        functions, name = self.client("lambda"), self.name()
        wanted = {"Timeout": 30, "MemorySize": 256, "Role": self.function_role(), **package(CODE, self.image)}
        functions.create_function(FunctionName=name, **(wanted | settings))
        self._functions.append(name)
        configuration = partial(functions.get_function_configuration, FunctionName=name)
        poll(lambda: configuration()["State"] != "Pending", f"function {name}", 60)
        if (made := configuration())["State"] != "Active":
            raise HarnessError(f"function {name}: {made.get('StateReason', made['State'])}", "read LocalStack's log")
        return name

    def discard(self) -> None:
        """Deletes what probes and conformance cases made, in an emulator that keeps running."""
        functions = self.client("lambda")
        for name in self._functions:
            for mapping in functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]:
                refusal(partial(functions.delete_event_source_mapping, UUID=mapping["UUID"]))
            refusal(partial(functions.delete_function, FunctionName=name))
        leftovers.delete(self.client)

    def invoke(self, function: str, qualifier: str = "$LATEST", **event: Any) -> dict[str, Any]:
        """Invokes a function; returns its answer, with `FunctionError` if there was one."""
        answer = self.client("lambda").invoke(
            FunctionName=function, Qualifier=qualifier, Payload=json.dumps(event).encode()
        )
        answered = json.loads(answer["Payload"].read() or b"null")
        error = {"FunctionError": answer["FunctionError"]} if "FunctionError" in answer else {}
        return (answered if isinstance(answered, dict) else {"answer": answered}) | error

    def bucket(self, **settings: Any) -> str:
        """Makes a bucket; returns its name."""
        name = self.name()
        place = {"LocationConstraint": REGION}
        self.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=place, **settings)
        return name

    def stream(self, **settings: Any) -> str:
        """Makes a stream of one shard, or as `settings` says; returns its name once it is active."""
        kinesis, name = self.client("kinesis"), self.name()
        wanted = settings or {"ShardCount": 1}
        kinesis.create_stream(StreamName=name, **wanted)
        self.until_active(name)
        return name

    def until_active(self, stream: str) -> None:
        """Waits until the stream is active again."""
        poll(lambda: self.summary(stream)["StreamStatus"] == "ACTIVE", f"stream {stream}", 30)

    def summary(self, stream: str) -> dict[str, Any]:
        """DescribeStreamSummary."""
        found: dict[str, Any] = self.client("kinesis").describe_stream_summary(StreamName=stream)
        return dict(found["StreamDescriptionSummary"])


def package(code: Path, image: str) -> dict[str, Any]:
    """The CreateFunction arguments that turn a file with a `handler` into a function.

    Args:
        code: a Python file that needs only boto3.
        image: contains Python, awslambdaric and boto3; empty for a Zip.
    """
    if image:
        entry = ["python3", "-c", BOOT, code.read_text()]
        return {"PackageType": "Image", "Code": {"ImageUri": image}, "ImageConfig": {"EntryPoint": entry}}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.write(code, code.name)
    return {"Runtime": "python3.13", "Handler": f"{code.stem}.handler", "Code": {"ZipFile": content.getvalue()}}


def policy(*statements: dict[str, Any]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def refusal(call: Callable[[], Any]) -> str:
    """The error code of a refused call; empty if it succeeds."""
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""
