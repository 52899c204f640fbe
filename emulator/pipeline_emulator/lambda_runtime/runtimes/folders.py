"""The folders of a function, by the paths at which it sees them."""

import dataclasses
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Folders:
    """The folders of a function.

    Attributes:
        code: its Zip.
        runtime: the stand-in for the managed runtime.
        interpreter: the interpreter's `bin` folder is in it; an OS-only runtime has none.
        layers: what its layers contain; it need not exist.
    """

    code: Path
    runtime: Path
    interpreter: Path
    layers: Path

    @property
    def of_shell(self) -> dict[str, str]:
        """Variables of the shell script that starts AWS's managed runtimes: programs read them, such as `$PWD`."""
        return {"PWD": str(self.code), "SHLVL": "0"}


# As on AWS. https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
IN_NAMESPACES = Folders(Path("/var/task"), Path("/var/runtime"), Path("/var/lang"), Path("/opt"))
