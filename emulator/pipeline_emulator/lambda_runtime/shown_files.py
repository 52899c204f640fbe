"""What a function in namespaces sees of this machine, and where: its interpreter, the system's programs, its code.

Nothing else exists for it: no home folder, no socket of a container engine, no LocalStack, no other environment.
"""

import functools
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline_emulator.lambda_runtime.runtimes.folders import IN_NAMESPACES
from pipeline_emulator.lambda_runtime.runtimes.search import Interpreter, outside

# Programs, libraries, time zones, and what the C library, OpenSSL and the resolver read. Folders of keys are left out.
# Debian's Node.js reads a part of its own modules from /usr/share/nodejs.
_SYSTEM = (
    *("/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec"),
    *("/bin", "/sbin", "/lib", "/lib32", "/lib64"),
    *("/usr/share/zoneinfo", "/usr/share/ca-certificates", "/usr/share/ca-certs", "/usr/share/locale"),
    *("/usr/share/nodejs", "/etc/alternatives", "/etc/ld.so.cache", "/etc/localtime", "/etc/mime.types"),
    *("/etc/ssl/certs", "/etc/ssl/cert.pem", "/etc/ssl/openssl.cnf", "/etc/ca-certificates/extracted"),
    *("/etc/pki/tls/certs", "/etc/pki/tls/cert.pem", "/etc/pki/tls/openssl.cnf", "/etc/pki/ca-trust/extracted"),
    *("/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/services", "/etc/protocols"),
)


@functools.cache
def of_interpreter() -> list[list[str]]:
    """Return pairs of a path on this machine and where the function sees it: the system and LocalStack's Python."""
    prefix = Path(sys.base_prefix)
    libraries = outside(_loaded(), sys.base_prefix, os.path.realpath(prefix), sys.prefix)
    own = Interpreter("", Path(os.path.realpath(sys._base_executable)), prefix, libraries)  # type: ignore[attr-defined]
    return [*of_system(), *of_installation(own)]


@functools.cache
def of_system() -> list[list[str]]:
    """Return the same pairs for what every function sees."""
    shown = [[path, path] for path in _SYSTEM if os.path.lexists(path)]
    return [*shown, [os.path.realpath("/etc/resolv.conf"), "/etc/resolv.conf"]]  # often a link into /run


def of_installation(interpreter: Interpreter) -> list[list[str]]:
    """Return the same pairs for an interpreter: its installation, and the libraries that are not the system's."""
    folders = set(interpreter.libraries)
    if interpreter.prefix:
        folders |= {str(interpreter.prefix), os.path.realpath(interpreter.prefix)}
    return [[folder, folder] for folder in sorted(folders) if not _is_the_systems(folder)]


def of_layers(layers: Path, target: Path) -> list[list[str]]:
    """Return the same pairs for what is in a folder of layers: an interpreter may be in /opt, too."""
    return [[str(entry), str(target / entry.name)] for entry in sorted(layers.iterdir())]


def check_layers(layers: Path, shown: Iterable[Sequence[str]]) -> None:
    """Check that layers hide no part of the interpreter.

    Raises:
        RuntimeError: they would.
    """
    for _, target in of_layers(layers, IN_NAMESPACES.layers):
        if hidden := next((path for _, path in shown if f"{path}/".startswith(f"{target}/")), None):
            raise RuntimeError(f"the layers have {target}, where this machine has the interpreter ({hidden})")


def pairs(shown: Iterable[tuple[Path, Path]]) -> list[list[str]]:
    """Return the same pairs as text, without links in what is shown."""
    return [[str(source.resolve()), str(target)] for source, target in shown]


def _is_the_systems(folder: str) -> bool:
    covered = tuple(f"{path}/" for path, _ in of_system() if os.path.isdir(path))
    return folder == "/usr" or f"{folder}/".startswith(covered)


def _loaded() -> list[str]:
    """Return the shared libraries of this process, which the same interpreter runs."""
    try:
        lines = Path("/proc/self/maps").read_text().splitlines()
    except OSError:
        return []
    return [path[0] for line in lines if (path := line.split(maxsplit=5)[5:]) and ".so" in path[0]]
