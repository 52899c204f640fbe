"""The runtimes that have a stand-in.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
"""

import re

PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
NODES = (20, 22, 24)
OS_ONLY = ("provided.al2", "provided.al2023")
IDENTIFIERS = (*(f"python{version}" for version in PYTHONS), *(f"nodejs{major}.x" for major in NODES), *OS_ONLY)


def python_tag(version: str) -> str:
    """Return what names of compiled modules for a version of Python contain."""
    return f"cpython-{version.replace('.', '')}"


def log_name(identifier: str) -> str:
    """Return the name of a runtime as the first line of a log has it, such as `python:3.12`."""
    found = re.fullmatch(r"([a-z]+)\.?(.*?)(?:\.x)?", identifier)
    return ":".join(filter(None, found.groups())) if found else identifier
