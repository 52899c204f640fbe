"""Project-specific checks, loaded by checkov (`--external-checks-dir`)."""

from pathlib import Path

# checkov imports the folder as a package and expects it to name its modules.
__all__ = [file.stem for file in Path(__file__).parent.glob("[a-z]*.py")]
