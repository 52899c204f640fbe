"""The function's Zip."""

from __future__ import annotations

from harness import commands, console, environment, paths, setup

BUILD_DEADLINE = 300.0


def build() -> None:
    """Builds the Zip from the service's sources and its lock file; quick when nothing changed."""
    log = paths.CACHE / "logs" / "function.log"
    log.unlink(missing_ok=True)
    with console.step("Function package") as step:
        commands.run(
            [
                setup.PYTHON, "-m", "bundle.build_zip", "--output", paths.FUNCTION_ZIP,
                "--python", setup.PYTHON, "--uv", setup.UV,
            ],
            cwd=paths.SERVICE, env=environment.clean(), log=log, deadline=BUILD_DEADLINE,
        )  # fmt: skip
        step.result = f"{paths.FUNCTION_ZIP.stat().st_size / 2**20:.0f} MiB"
