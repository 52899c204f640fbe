"""Which files a module is made from."""

from __future__ import annotations

from pathlib import Path

from harness.pipeline import closure

FILES = {
    "training/__init__.py": "",
    "training/train.py": "import csv\nfrom training import fit\nfrom .card import text\n",
    "training/fit.py": "def fit():\n    from features.days import day\n    import sklearn\n",
    "training/card.py": "import training.train\n",
    "training/card.md": "$model",
    "training/plot.py": "import features.rare\n",
    "function/features/__init__.py": "",
    "function/features/days.py": "import (",
    "function/features/rare.py": "",
    "function/features/handler.py": "import features.days\n",
    "function/notes.txt": "",
}


def _made(folder: Path) -> list[Path]:
    for name, text in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return [folder, folder / "function"]


def test_all_that_is_imported_counts_and_nothing_else(tmp_path: Path) -> None:
    """In functions, relatively, in circles; data beside it; not what imports it, nor libraries."""
    found = closure.files("training.train", _made(tmp_path))
    assert [str(file.relative_to(tmp_path)) for file in found] == [
        *("function/features/__init__.py", "function/features/days.py"),
        *("training/__init__.py", "training/card.md", "training/card.py", "training/fit.py", "training/train.py"),
    ]


def test_a_module_that_does_not_exist_is_made_from_nothing(tmp_path: Path) -> None:
    assert closure.files("missing.train", _made(tmp_path)) == []
