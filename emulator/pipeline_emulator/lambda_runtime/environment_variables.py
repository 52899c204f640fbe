"""A function's environment variables: those that AWS documents and the user's, none of this machine's.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""

from collections.abc import Mapping
from pathlib import Path

from pipeline_emulator.lambda_runtime.shown_files import Folders

# Set by LocalStack core for its init binary or for containers; AWS does not have them.
_FOREIGN_PREFIXES = ("LOCALSTACK_",)
_FOREIGN = {"AWS_LAMBDA_FUNCTION_TIMEOUT", "EDGE_PORT"}


def function_environment(
    core: Mapping[str, object],
    user: Mapping[str, str],
    folders: Folders,
    private_tmp: Path | None,
) -> dict[str, str]:
    """Return all variables of a function.

    Args:
        core: Variables from LocalStack core: names, region, credentials of the role's session, endpoint.
        user: The function's own variables; they win.
        folders: Code, managed runtime and interpreter, as the function sees them.
        private_tmp: Folder to use instead of /tmp if /tmp itself cannot be private, else None.
    """
    code, runtime, python = folders.code, folders.runtime, folders.python
    variables = without_foreign(core) | {
        "LAMBDA_TASK_ROOT": str(code),
        "LAMBDA_RUNTIME_DIR": str(runtime),
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PATH": f"{python.parent}:/usr/local/bin:/usr/bin:/bin",
        "LD_LIBRARY_PATH": f"{runtime}/lib:{code}:{code}/lib",
        # AWS sets it, too, to $LAMBDA_RUNTIME_DIR: functions and their child processes find the runtime client and the
        # SDK by it, and a function may set its own.
        "PYTHONPATH": str(runtime),
        # AWS does not set it. Here "~" would be the developer's home folder, with credentials.
        "HOME": str(private_tmp or "/tmp"),  # noqa: S108
    }
    if private_tmp:
        variables["TMPDIR"] = str(private_tmp)
    return variables | dict(user)


def without_foreign(core: Mapping[str, object]) -> dict[str, str]:
    """Return core's variables without those that AWS does not have."""
    return {name: str(value) for name, value in core.items() if not _is_foreign(name)}


def _is_foreign(name: str) -> bool:
    return name.startswith(_FOREIGN_PREFIXES) or name in _FOREIGN
