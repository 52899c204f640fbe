"""The register of patches is complete, fits the installed versions, and reports a patch that does not fit."""

import ast
import gc
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import pipeline_emulator
from pipeline_emulator import patches
from pipeline_emulator.patches import Patch, PatchError

PACKAGE = Path(pipeline_emulator.__file__).parent
CHANGING = {"append", "extend", "insert", "remove", "clear", "pop", "setdefault", "update"}
SETTING = {"setattr", "delattr", "patch"}


class Changes(ast.NodeVisitor):
    """Find the lines of a module that change something imported from another distribution, under any name."""

    def __init__(self) -> None:
        self.foreign: set[str] = set()
        self.lines: list[int] = []

    def visit_Import(self, node: ast.Import) -> None:
        for name in node.names:
            self._imported(name.name, name.asname or name.name.partition(".")[0])

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.module == "localstack.utils.patch":
            self.lines.append(node.lineno)
        for name in node.names:
            self._imported(node.module or "", name.asname or name.name)

    def _imported(self, module: str, name: str) -> None:
        root = module.partition(".")[0]
        if root != "pipeline_emulator" and root not in sys.stdlib_module_names:
            self.foreign.add(name)

    def visit_Assign(self, node: ast.Assign) -> None:
        self._assigned(node, node.targets, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._assigned(node, [node.target], node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._assigned(node, [node.target], None)

    def visit_Delete(self, node: ast.Delete) -> None:
        self._assigned(node, node.targets, None)

    def visit_For(self, node: ast.For) -> None:
        self._assigned(node, [node.target], node.iter)
        self.generic_visit(node)

    def visit_With(self, node: ast.With) -> None:
        for item in node.items:
            if item.optional_vars:
                self._assigned(node, [item.optional_vars], item.context_expr)
        self.generic_visit(node)

    def _assigned(self, node: ast.stmt, targets: list[ast.expr], value: ast.expr | None) -> None:
        for part in (part for target in targets for part in ast.walk(target)):
            if isinstance(part, ast.Attribute | ast.Subscript) and not isinstance(part.ctx, ast.Load):
                if self._is_foreign(part.value):
                    self.lines.append(node.lineno)
            elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store) and value and self._is_foreign(value):
                self.foreign.add(part.id)  # an alias of it
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        function = node.func
        if isinstance(function, ast.Name) and function.id in SETTING and any(map(self._is_foreign, node.args[:1])):
            self.lines.append(node.lineno)
        if isinstance(function, ast.Attribute) and function.attr in CHANGING and self._is_foreign(function.value):
            self.lines.append(node.lineno)
        self.generic_visit(node)

    def _is_foreign(self, node: ast.expr) -> bool:
        match node:
            case ast.Name(id=name):
                return name in self.foreign
            case ast.Attribute(value=value) | ast.Subscript(value=value) | ast.Starred(value=value):
                return self._is_foreign(value)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                return any(map(self._is_foreign, parts))
        return False


def changes(source: str) -> list[int]:
    found = Changes()
    found.visit(ast.parse(source))
    return found.lines


@pytest.mark.parametrize(
    "change",
    [
        "module.name = 1",
        "module.Class.name = 1",
        "module.count += 1",
        "del module.name",
        "module.TABLE['key'] = 1",
        "setattr(module.Class, 'name', 1)",
        "delattr(module, 'name')",
        "module.handlers.append(1)",
        "module.TABLE.update(key=1)",
        "alias: Any = module\nalias.name = 1",
        "alias = module.Class\nalias.name = 1",
        "alias: Any = module.handlers\nalias.insert(0, 1)",
        "for each in [module, module.other]:\n    each.name = 1",
        "from localstack.utils.patch import patch",
    ],
)
def test_a_change_is_found(change: str) -> None:
    assert changes(f"from localstack.services import module\n{change}")


@pytest.mark.parametrize(
    "use",
    [
        "value = module.name",
        "found = module.find(1)\nfound.name = 2",
        "module.ROUTER.add('/path', endpoint=1)",
        "self.state = module.State.NEW\nself.other = 1",
        "own: list[int] = []\nown.append(module.name)",
    ],
)
def test_a_use_is_not_a_change(use: str) -> None:
    assert not changes(f"from localstack.services import module\n{use}")


def test_all_changes_are_in_the_register() -> None:
    files = [file for file in PACKAGE.rglob("*.py") if file.name != "patches.py"]
    found = [f"{file.relative_to(PACKAGE)}:{line}" for file in files for line in changes(file.read_text())]
    assert found == [], "declare the patch in pipeline_emulator/patches.py and apply it through its entry"


# Core connects to a container engine at its import. If none answers, the garbage collector closes the socket.
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")  # core's SNS, when imported
def test_every_patch_fits_the_installed_versions() -> None:
    assert patches.problems() == []
    gc.collect()


def test_every_patch_is_applied_somewhere() -> None:
    sources = "\n".join(file.read_text() for file in PACKAGE.rglob("*.py") if file.name != "patches.py")
    assert [name for name in patches.register() if f"patches.{name}" not in sources] == []


def test_every_patch_states_what_it_changes_and_why() -> None:
    for name, patch in patches.register().items():
        assert all((patch.what, patch.why, patch.written_for, patch.fingerprint)), name


UPSTREAM = """
class Service:
    def answer(self, number):
        return number

handlers = []
"""


@pytest.fixture
def upstream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A module of another distribution."""
    (tmp_path / "upstream_module.py").write_text(UPSTREAM)
    monkeypatch.syspath_prepend(tmp_path)
    import upstream_module  # type: ignore[import-not-found]

    yield upstream_module
    del sys.modules["upstream_module"]


def patch_of(target: str, fingerprint: str) -> Patch:
    return Patch(
        f"upstream_module:{target}",
        what="answers are doubled",
        why="tests",
        written_for="pytest 1.0",
        fingerprint=fingerprint,
    )


def test_wrapper_gets_the_original_and_nothing_is_reported(
    upstream: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    as_seen = patch_of("Service.answer", patch_of("Service.answer", "")._found_fingerprint())

    @as_seen.wrap
    def answer(original: object, self: object, number: int) -> int:
        return 2 * int(original(self, number))  # type: ignore[operator]

    assert upstream.Service().answer(21) == 42
    assert caplog.records == []
    assert as_seen.problem() is None, "the fingerprint is that of the original under our patch"


def test_changed_target_is_reported_in_one_line_and_patched(
    upstream: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    changed = patch_of("Service.answer", "000000000000")
    changed.replace(lambda self, number: 2 * number)
    assert upstream.Service().answer(21) == 42
    [record] = caplog.records
    assert record.levelno == logging.ERROR
    message = record.getMessage()
    assert "upstream_module:Service.answer (answers are doubled)" in message
    assert "pytest 1.0" in message
    assert "\n" not in message


@pytest.mark.parametrize("target", ["Service.renamed", "Renamed.answer"])
def test_missing_target_is_an_error(upstream: ModuleType, target: str) -> None:
    with pytest.raises(PatchError, match=f"upstream_module:{target} .*missing"):
        patch_of(target, "000000000000").replace(None)
    with pytest.raises(PatchError, match=r"no_such_module:name .*missing"):
        Patch("no_such_module:name", "a", "b", "pytest 1.0", "str").append(None)


def test_list_of_another_type_is_reported(upstream: ModuleType, caplog: pytest.LogCaptureFixture) -> None:
    patch_of("handlers", "CompositeHandler").append(1)
    assert upstream.handlers == [1]
    assert "list, not CompositeHandler" in caplog.text


def test_value_is_replaced_within_the_context(upstream: ModuleType) -> None:
    original = upstream.handlers
    with patch_of("handlers", "list").replaced([1]):
        assert upstream.handlers == [1]
    assert upstream.handlers is original
