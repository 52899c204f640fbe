"""Uses the Kinesis server that was installed in advance, where LocalStack would download it at first use."""

import os

from localstack.packages import InstallTarget, PackageException
from localstack.services.kinesis.packages import kinesismock_package

VARIABLE = "PIPELINE_KINESIS_LOCAL_DIR"


def install() -> None:
    """Point LocalStack's installer at `<dir>/node_modules/kinesis-local`; without the variable nothing changes."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        return

    installer = kinesismock_package.get_installer()

    def refuse(_target: InstallTarget) -> None:
        raise PackageException(
            f"{VARIABLE}={folder} does not hold node_modules/kinesis-local: run `npm ci` there with package.json and"
            " package-lock.json of emulator (`make setup` does)"
        )

    # One folder serves any number of LocalStacks: the server only reads it.
    installer._get_install_dir = lambda target: os.path.abspath(folder)  # type: ignore[method-assign] # noqa: ARG005
    installer._install = refuse  # type: ignore[method-assign, assignment]
