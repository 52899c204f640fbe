"""Messages are found in the code: constants, alternatives, functions that pass them on, and classes of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.reference import raised
from harness.reference.errors_page import BASES

ERRORS = """
class HarnessError(Exception):
    def __init__(self, cause, next_step):
        super().__init__(cause)


class FailedError(HarnessError):
    def __init__(self, name, status):
        super().__init__(f"'{name}' failed: {status}", "see above")


class TooLateError(HarnessError):
    pass
"""


@pytest.fixture
def found(tmp_path: Path, request: pytest.FixtureRequest) -> list[tuple[str, str]]:
    """What a module has, as cause and next step, with `/` between alternatives."""
    (tmp_path / "errors.py").write_text(ERRORS)
    (tmp_path / "module.py").write_text(f"import errors\n\n{request.param}")
    messages = raised.messages(tmp_path, "HarnessError")
    return [("/".join(each.causes), "/".join(each.next_steps)) for each in messages if each.module.name == "module.py"]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(
            'raise HarnessError(f"port {port} is taken by {owner(port).name}", "stop it")',
            ("port <port> is taken by <name>", "stop it"),
            id="filled in",
        ),
        pytest.param(
            'SECONDS = 90.0\nLOG = "see the log"\nraise errors.TooLateError(f"no answer in {SECONDS:.0f} s", LOG)',
            ("no answer in 90 s", "see the log"),
            id="constants",
        ),
        pytest.param(
            'def f(a):\n    why = "gone" if a else "late"\n    raise HarnessError(f"it is {why}", "wait" + "!")',
            ("it is gone/it is late", "wait!"),
            id="alternatives",
        ),
        pytest.param(
            'def f(a):\n    if a:\n        why = "first"\n        raise HarnessError(why, "x")\n    why = "second"',
            ("first", "x"),
            id="the nearest assignment",
        ),
        pytest.param(
            'def mistake(at, cause, remedy) -> HarnessError:\n    return HarnessError(f"line {at}: {cause}", remedy)'
            '\n\nraise mistake(3, "no name", remedy="add one")',
            ("line 3: no name", "add one"),
            id="passed on",
        ),
        pytest.param(
            'raise FailedError("terraform", 1)', ("'terraform' failed: 1", "see above"), id="a class of its own"
        ),
    ],
    indirect=["found"],
)
def test_a_message_is_found(found: list[tuple[str, str]], expected: tuple[str, str]) -> None:
    assert found == [expected]


@pytest.mark.parametrize("found", ["raise HarnessError(error.cause, error.next_step)"], indirect=True)
def test_a_message_of_another_error_is_not_repeated(found: list[tuple[str, str]]) -> None:
    assert found == []


@pytest.mark.parametrize(("folder", "base"), BASES, ids=["harness", "emulator"])
def test_every_message_says_what_to_do(folder: Path, base: str) -> None:
    found = raised.messages(folder, base)
    assert len(found) > 30
    assert [(str(each.module), each.line) for each in found if not all(text.strip() for text in each.next_steps)] == []
