"""The runtimes that have a stand-in.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
"""

PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
NODES = (20, 22, 24)
OS_ONLY = ("provided.al2", "provided.al2023")
IDENTIFIERS = (*(f"python{version}" for version in PYTHONS), *(f"nodejs{major}.x" for major in NODES), *OS_ONLY)


def python_tag(version: str) -> str:
    """Return what names of compiled modules for a version of Python contain."""
    return f"cpython-{version.replace('.', '')}"
