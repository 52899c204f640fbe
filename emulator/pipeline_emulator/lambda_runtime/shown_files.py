"""What a function in namespaces sees of this machine, and where: the interpreter, the system's programs, its code.

Nothing else exists for it: no home folder, no socket of a container engine, no LocalStack, no other environment.
"""

import dataclasses
import functools
import os
import sys
from pathlib import Path

from pipeline_emulator.lambda_runtime import interpreter

# As on AWS. https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
TASK_ROOT, RUNTIME_DIR = Path("/var/task"), Path("/var/runtime")
_PYTHON = Path("/var/lang")
# Programs, libraries, time zones, and what the C library, OpenSSL and the resolver read. Folders of keys are left out.
_SYSTEM = (
    *("/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec"),
    *("/bin", "/sbin", "/lib", "/lib32", "/lib64"),
    *("/usr/share/zoneinfo", "/usr/share/ca-certificates", "/usr/share/ca-certs", "/usr/share/locale"),
    *("/etc/alternatives", "/etc/ld.so.cache", "/etc/localtime", "/etc/mime.types"),
    *("/etc/ssl/certs", "/etc/ssl/cert.pem", "/etc/ssl/openssl.cnf", "/etc/ca-certificates/extracted"),
    *("/etc/pki/tls/certs", "/etc/pki/tls/cert.pem", "/etc/pki/tls/openssl.cnf", "/etc/pki/ca-trust/extracted"),
    *("/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/services", "/etc/protocols"),
)


@dataclasses.dataclass(frozen=True)
class Folders:
    """The folders of a function, by the paths at which it sees them."""

    code: Path
    runtime: Path
    python: Path


IN_NAMESPACES = Folders(TASK_ROOT, RUNTIME_DIR, _PYTHON / "bin" / "python")


def of_code(code: Path) -> list[list[str]]:
    """Return pairs of a path on this machine and the path at which the function sees it.

    Raises:
        RuntimeError: the folder of the managed runtime is missing.
    """
    own = ((code, TASK_ROOT), (interpreter.runtime_dir(), RUNTIME_DIR), (interpreter.interpreter().parents[1], _PYTHON))
    return [*of_interpreter(), *([str(source.resolve()), str(target)] for source, target in own)]


@functools.cache
def of_interpreter() -> list[list[str]]:
    """Return the same pairs for everything but the code and the managed runtime."""
    prefix = os.path.realpath(sys.base_prefix)
    shown = [[path, path] for path in _SYSTEM if os.path.lexists(path)]
    shown.append([os.path.realpath("/etc/resolv.conf"), "/etc/resolv.conf"])  # often a link into /run
    folders = {prefix, sys.base_prefix, *_libraries()}
    covered = tuple(f"{path}/" for path, _ in shown if os.path.isdir(path))
    return [*shown, *([folder, folder] for folder in sorted(folders) if not f"{folder}/".startswith(covered))]


def _libraries() -> set[str]:
    """Return the folders of the shared libraries of this process, which the same interpreter runs.

    Those of the emulator's own packages are not the function's.
    """
    files: set[str] = set()
    try:
        lines = Path("/proc/self/maps").read_text().splitlines()
    except OSError:
        return files
    for line in lines:
        path = line.split(maxsplit=5)[5:]
        if path and ".so" in path[0] and path[0].startswith("/") and "-packages/" not in path[0]:
            files.add(os.path.dirname(path[0]))
    return {folder for folder in files if not folder.startswith((f"{sys.base_prefix}/", f"{sys.prefix}/"))}
