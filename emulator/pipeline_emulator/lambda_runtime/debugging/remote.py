"""What a debugger has to know of a function: whether it can be debugged, and where its code is for it."""

from pathlib import Path

from localstack.services.lambda_.invocation.lambda_models import FunctionVersion

from pipeline_emulator.lambda_runtime import placement
from pipeline_emulator.lambda_runtime.editions import EDITIONS
from pipeline_emulator.lambda_runtime.isolation import isolation
from pipeline_emulator.lambda_runtime.runtimes.folders import IN_NAMESPACES
from pipeline_emulator.sandbox.protocol import Isolation


def refusal(version: FunctionVersion) -> str | None:
    """Return why debugpy cannot debug a function; None if it can, as far as its configuration says."""
    function = version.config
    if function.package_type == "Zip" and not str(function.runtime).startswith("python"):
        return f"the function's runtime is {function.runtime}, and debugpy debugs Python only"
    return None


def folder(version: FunctionVersion) -> str:
    """Return the folder of a function's code, as the function sees it."""
    if placement.in_container(version):
        from pipeline_emulator.lambda_runtime import image  # late: imports the engine's client

        return image.folder_of(image.pull(version), version)
    if isolation() is not Isolation.PROCESS_GROUP:
        return str(IN_NAMESPACES.code)
    code, edition = version.config.code, EDITIONS.of(version)
    assert code is not None
    deployed = Path(code.get_unzipped_code_location()).absolute()
    return str(edition.folder if edition and edition.folder else deployed)
