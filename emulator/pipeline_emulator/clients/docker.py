"""The program `docker` that is first in the PATH while command lines use the emulator.

ECR's registries have names that only AWS answers to. In the arguments of docker, and in Dockerfiles, this program
replaces them with the emulator's registry, then replaces itself with the user's docker: input, output, signals and exit
status are docker's own. Everything else is passed on as it is.
"""

import functools
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from pipeline_emulator.clients import docker_command, dockerfile, images
from pipeline_emulator.clients.docker_command import Command
from pipeline_emulator.clients.ecr_names import REGISTRY, is_registry, local_registry
from pipeline_emulator.clients.images import Replacements
from pipeline_emulator.clients.programs import fail, find, replace_process
from pipeline_emulator.launcher.errors import EmulatorError


def main(folder: Path, arguments: Sequence[str]) -> None:
    """Run the user's docker.

    Args:
        folder: the one with this program.
        arguments: docker's.
    """
    program = find("docker", folder / "bin")
    if program is None:
        fail("docker is not on the PATH", "install the docker command line", 127)
    try:
        rewritten = _rewritten(docker_command.parse(arguments), folder)
    except EmulatorError as error:
        fail(error.cause, error.next_step, 1)
    replace_process(program, [*rewritten.before, *([rewritten.name] if rewritten.name else []), *rewritten.words])


def _rewritten(command: Command, folder: Path) -> Command:
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    if not endpoint:
        return command
    bases = images.bases(os.environ.get(images.BASE_IMAGES, ""))
    if command.name in ("login", "logout"):
        return _login(command, endpoint, folder)
    first_only = command.name in docker_command.NAME_FIRST and command.group in ("", "container")
    if not first_only and command.name not in docker_command.NAMES_EVERYWHERE:
        return command
    replacements = Replacements(functools.cache(lambda: local_registry(endpoint)), bases)
    if first_only:
        return command._replace(words=_first_name(command.words, replacements))
    words = [_word(command.words, position, replacements) for position in range(len(command.words))]
    if command.name in docker_command.BUILD:
        words += _dockerfile(command.words, replacements, folder)
    return command._replace(words=words)


def _word(words: Sequence[str], position: int, replacements: Replacements) -> str:
    word = words[position]
    match docker_command.option_of(words, position):
        case "--label" | "--annotation":
            return word
        case "--build-arg":  # may be a Dockerfile's base
            name, equals, value = word.rpartition("=")
            return f"{name}{equals}{replacements.of(value)}"
        case _:
            return replacements.in_argument(word)


def _login(command: Command, endpoint: str, folder: Path) -> Command:
    words = []
    for word in command.words:
        host = word.removeprefix("https://").removeprefix("http://").partition("/")[0]
        words.append(local_registry(endpoint) if is_registry(host) else word)
    if command.name == "login" and words:
        _keep_in_file(words[-1].removeprefix("https://").removeprefix("http://").partition("/")[0], folder)
    return command._replace(words=words)


def _keep_in_file(server: str, folder: Path) -> None:
    """Let docker keep the password for a server in our configuration, not in the system's credential store."""
    file = folder / "docker" / "config.json"
    if os.environ.get("DOCKER_CONFIG") != str(file.parent):
        return
    configuration = json.loads(file.read_text())
    configuration.setdefault("credHelpers", {})[server] = ""
    unfinished = file.with_suffix(f".{os.getpid()}")
    unfinished.touch(mode=0o600)
    unfinished.write_text(json.dumps(configuration))
    unfinished.replace(file)


def _first_name(words: Sequence[str], replacements: Replacements) -> list[str]:
    for position, word in enumerate(words):
        if REGISTRY.fullmatch(word.partition("/")[0]) and "/" in word:
            return [*words[:position], replacements.of(word), *words[position + 1 :]]
    return list(words)


def _dockerfile(words: Sequence[str], replacements: Replacements, folder: Path) -> list[str]:
    """Return the option for a copy of the Dockerfile with other images; none if it names no such images."""
    original = docker_command.dockerfile(words)
    if original is None:
        return []
    text, replaced = dockerfile.with_images(original.read_text(), replacements.of)
    if not replaced:
        return []
    for name, other in replaced.items():
        print(f"{original}: using {other} for {name}", file=sys.stderr)
    copies = folder / "dockerfiles" / hashlib.sha256(f"{original.absolute()}\n{text}".encode()).hexdigest()[:16]
    copies.mkdir(parents=True, exist_ok=True)
    copy = copies / "Dockerfile"
    copy.write_text(text)
    ignored = original.with_name(f"{original.name}.dockerignore")  # takes precedence over the context's .dockerignore
    if ignored.is_file():
        shutil.copy(ignored, copies / "Dockerfile.dockerignore")
    return ["--file", str(copy)]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
