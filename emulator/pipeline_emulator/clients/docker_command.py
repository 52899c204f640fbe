"""Reads the arguments of `docker`: the command, its options, and where the names of images are.

https://docs.docker.com/reference/cli/docker/
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

_GLOBAL_WITH_VALUE = frozenset(
    ("--config", "-c", "--context", "-H", "--host", "-l", "--log-level", "--tlscacert", "--tlscert", "--tlskey")
)
_GROUPS = ("image", "container", "builder", "buildx", "manifest")
BUILD, _IMAGES = ("build", "b"), ("tag", "push", "pull", "rmi", "rm", "inspect", "save", "history", "images", "ls")
NAMES_EVERYWHERE = frozenset((*BUILD, *_IMAGES, "imagetools", "create", "annotate"))
NAME_FIRST = frozenset(("run", "create"))  # what follows the image belongs to the container
_TEXTS = ("--label", "--annotation", "--build-arg")
# All other options of `docker build` take a value.
_BUILD_SWITCHES = frozenset(
    (
        *("--compress", "--disable-content-trust", "--force-rm", "--load", "--no-cache", "--pull", "--push"),
        *("-q", "--quiet", "--rm", "--squash", "--stream", "--check", "-D", "--debug", "--help"),
    )
)


class Command(NamedTuple):
    """A command line of docker, in three parts.

    Attributes:
        before: docker's own options and the group, such as `--context x image`.
        name: such as `build`; empty if there is none.
        words: what follows.
        group: such as `image`, or empty.
    """

    before: list[str]
    name: str
    words: list[str]
    group: str


def parse(arguments: Sequence[str]) -> Command:
    """Split the arguments of docker."""
    position = 0
    while position < len(arguments) and arguments[position].startswith("-"):
        position += 2 if arguments[position] in _GLOBAL_WITH_VALUE else 1
    group = arguments[position] if arguments[position : position + 1] and arguments[position] in _GROUPS else ""
    position += bool(group)
    return Command(
        list(arguments[:position]), "".join(arguments[position : position + 1]), list(arguments[position + 1 :]), group
    )


def option_of(words: Sequence[str], position: int) -> str:
    """Return the option with a text of the user's to which a word belongs; empty if there is none."""
    return next(
        (each for each in _TEXTS if words[position].startswith(f"{each}=") or words[position - 1 : position] == [each]),
        "",
    )


def dockerfile(words: Sequence[str]) -> Path | None:
    """Return the path of the Dockerfile that `docker build` reads; None if it is no file of this machine.

    Args:
        words: the arguments of `build`.
    """
    file, contexts, position = "", [], 0
    while position < len(words):
        word = words[position]
        option, equals, value = word.partition("=")
        if not word.startswith("-") or word == "-":
            contexts.append(word)
        elif word.startswith("-f") and not word.startswith("--") and len(word) > 2:
            file = word[2:].removeprefix("=")
        elif word not in _BUILD_SWITCHES and (equals or len(word) == 2 or word.startswith("--")):
            if not equals:
                position += 1
                value = "".join(words[position : position + 1])
            if option in ("-f", "--file"):
                file = value
        position += 1
    if file == "-" or len(contexts) != 1 or contexts[0] == "-":
        return None
    found = Path(file) if file else Path(contexts[0], "Dockerfile")
    return found if found.is_file() else None
