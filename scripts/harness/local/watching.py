"""`local-up WATCH=1`: what is saved reaches the running pipeline."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from watchfiles import DefaultFilter, watch

from harness import console
from harness.errors import HarnessError
from harness.local import reloading
from harness.machine.files import digest_of
from harness.model import current as current_model
from harness.paths import shown
from harness.stack.state import Stack

QUIET_MS, LONGEST_MS = 50, 500  # a save is often several events
# A change of one of these changes the dependencies or the image.
OF_THE_BUILD = ("Dockerfile*", "requirements*.txt", "pyproject.toml", "*.lock", "package*.json", "Pipfile*")


class Watcher:
    """Carries saved files into a stack.

    Args:
        stack: a running stack that was just brought up to date.
        bring_up: brings it up to date again, and returns it.
    """

    def __init__(self, stack: Stack, bring_up: Callable[[], Stack]) -> None:
        self._bring_up = bring_up
        self._remember(stack)

    def _remember(self, stack: Stack) -> None:
        self.stack = stack
        self._deployed = {name: digest_of(data) for name, data in reloading.files(stack).items()}
        self._model = current_model.sources(stack.pipeline)

    def places(self) -> list[Path]:
        """Return the folders to watch: of the function, of the Terraform, and of what the model is made from."""
        pipeline = self.stack.pipeline
        folders = {
            pipeline.root,
            *(file.parent for file in self._model),
            *([pipeline.source] if pipeline.source else []),
        }
        own = [file.parent for file in [pipeline.local_var_file()] if file]
        return sorted(folder for folder in {*folders, *own} if folder.is_dir())

    def saved(self, paths: Iterable[Path]) -> None:
        """Carry saved files into the stack; a failure is shown, and the former code keeps answering."""
        changed = sorted(set(paths))
        if not changed:
            return
        names = ", ".join(shown(path) for path in changed[:3]) + (" …" if len(changed) > 3 else "")
        try:
            if self.needs_deployment(changed):
                console.say(f"{names}: bringing everything up to date …")
                self._remember(self._bring_up())
            else:
                self.reload(names)
        except HarnessError as error:
            console.fail(error.cause, error.next_step)

    def needs_deployment(self, paths: Iterable[Path]) -> bool:
        """Return whether changed files take more than a reload: Terraform, the model, or other dependencies."""
        source = self.stack.pipeline.source
        for path in paths:
            of_function = source is not None and path.is_relative_to(source)
            if path in self._model or not of_function or any(path.match(pattern) for pattern in OF_THE_BUILD):
                return True
        return not self._deployed.keys() <= reloading.files(self.stack).keys()  # one was deleted

    def reload(self, names: str) -> None:
        """Run the function's files as they are now.

        Raises:
            HarnessError: the code does not start.
        """
        found = reloading.files(self.stack)
        changed = {name: data for name, data in found.items() if digest_of(data) != self._deployed.get(name)}
        with console.step(f"Reload {names}"):
            reloading.check(changed)
            reloading.put(self.stack, changed)


def run(watcher: Watcher) -> None:
    """Watch until Ctrl-C; the pipeline then keeps running."""
    console.say("Watching for saved files; Ctrl-C ends that, and the pipeline keeps running")
    places = watcher.places()
    try:
        for changes in watch(*places, watch_filter=DefaultFilter(), debounce=LONGEST_MS, step=QUIET_MS):
            watcher.saved(Path(path) for _, path in changes)
    except KeyboardInterrupt:  # during a reload; `watch` ends by itself
        pass
    console.say("The pipeline keeps running; the next make local-up deploys what was reloaded")
