"""The program `aws` that is first in the PATH while command lines use the emulator.

It runs the user's AWS CLI. Versions before 1.29 and 2.13 know no AWS_ENDPOINT_URL and would ask AWS, so they get the
address as an option: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html. Without an AWS CLI,
this program answers `aws ecr get-login-password` itself, since a `docker login` needs no more of it.
"""

import base64
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from pipeline_emulator.clients.programs import fail, find, replace_process

_OPTION = "--endpoint-url"


def main(folder: Path, arguments: Sequence[str]) -> None:
    """Run the user's AWS CLI, or do what it would do.

    Args:
        folder: the one with this program.
        arguments: those of `aws`.
    """
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    program = find("aws", folder / "bin")
    if program is not None:
        # A variable of a single service takes precedence over the general one, but not over the option.
        own = any(each.startswith("AWS_ENDPOINT_URL_") for each in os.environ)
        named = any(each.partition("=")[0] == _OPTION for each in arguments)
        replace_process(program, [*([_OPTION, endpoint] if endpoint and not own and not named else []), *arguments])
    if list(arguments[:2]) != ["ecr", "get-login-password"]:
        fail(
            f"the AWS CLI is not installed, and only `aws ecr get-login-password` works without it, not `aws "
            f"{' '.join(arguments[:2])}`",
            "install the AWS CLI",
            127,
        )
    print(_password(_region(arguments[2:]), endpoint))


def _region(options: Sequence[str]) -> str:
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""
    words = iter(options)
    for word in words:
        name, equals, value = word.partition("=")
        if name != "--region":
            fail(f"aws ecr get-login-password: {word} needs the AWS CLI, which is not installed", "use --region", 252)
        region = value if equals else next(words, "")
    if not region:
        fail("aws ecr get-login-password: no region", "name one: --region eu-west-1", 253)
    return region


def _password(region: str, endpoint: str) -> str:
    import botocore.session
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        client = botocore.session.get_session().create_client("ecr", region_name=region, endpoint_url=endpoint or None)
        token = client.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    except (BotoCoreError, ClientError, ValueError) as error:
        fail(f"aws ecr get-login-password: {error}", "does the emulator run, and is AWS_ENDPOINT_URL its address?", 255)
    return base64.b64decode(token).decode().partition(":")[2]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
