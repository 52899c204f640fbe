"""A function's environment variables: those that AWS documents and the user's, none of this machine's.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""

from collections.abc import Mapping
from pathlib import Path

from pipeline_emulator.lambda_runtime.runtimes.folders import Folders

# Set by LocalStack core for its init binary or for containers; AWS does not have them.
_FOREIGN_PREFIXES = ("LOCALSTACK_",)
_FOREIGN = {"AWS_LAMBDA_FUNCTION_TIMEOUT", "EDGE_PORT"}
_OF_THE_RUNTIME = "AWS_EXECUTION_ENV"  # core sets it for every function, AWS not with an OS-only runtime


def function_environment(
    core: Mapping[str, object],
    runtime: Mapping[str, str],
    user: Mapping[str, str],
    folders: Folders,
    private_tmp: Path | None,
) -> dict[str, str]:
    """Return all variables of a function.

    Args:
        core: Variables from LocalStack core: names, region, credentials of the role's session, endpoint.
        runtime: Variables of its runtime.
        user: The function's own variables; they win.
        folders: Its folders, as the function sees them.
        private_tmp: Folder to use instead of /tmp if /tmp itself cannot be private, else None.
    """
    code, layers = folders.code, folders.layers
    variables = without_foreign(core, of_runtime=False) | {
        "LAMBDA_TASK_ROOT": str(code),
        "LAMBDA_RUNTIME_DIR": str(folders.runtime),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PATH": f"{folders.interpreter}/bin:/usr/local/bin:/usr/bin:/bin:{layers}/bin",
        "LD_LIBRARY_PATH": f"{folders.runtime}:{folders.runtime}/lib:{code}:{code}/lib:{layers}/lib",
        # AWS does not set it. Here "~" would be the developer's home folder, with credentials.
        "HOME": str(private_tmp or "/tmp"),  # noqa: S108
    }
    if private_tmp:
        variables["TMPDIR"] = str(private_tmp)
    return {**variables, **runtime, **user}


def without_foreign(core: Mapping[str, object], *, of_runtime: bool = True) -> dict[str, str]:
    """Return core's variables without those that AWS does not have, or that a managed runtime sets."""
    kept = (name for name in core if not _is_foreign(name) and (of_runtime or name != _OF_THE_RUNTIME))
    return {name: str(core[name]) for name in kept}


def _is_foreign(name: str) -> bool:
    return name.startswith(_FOREIGN_PREFIXES) or name in _FOREIGN
