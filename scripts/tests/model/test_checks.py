"""The checks on a model before a stage gets it, each with a model that it refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest
import yaml

from training import checks
from training.terminal import CheckError


@pytest.fixture
def folder(trained: list[dict[str, Any]], tmp_path: Path) -> Path:
    """A copy of the first model, for a test to change."""
    return Path(shutil.copytree(trained[0]["model_dir"], tmp_path / "model"))


def golden(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        batch = json.loads((folder / checks.GOLDEN).read_text())
        change(batch)
        (folder / checks.GOLDEN).write_text(json.dumps(batch))

    return edit


def signature(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        described = yaml.safe_load((folder / "MLmodel").read_text())
        change(described)
        (folder / "MLmodel").write_text(yaml.safe_dump(described))

    return edit


def onnx_file(change: Callable[[onnx.ModelProto], object]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        model = onnx.load(folder / "model.onnx")
        change(model)
        onnx.save(model, folder / "model.onnx")

    return edit


def predicts_more(model: onnx.ModelProto) -> None:
    """Raise every prediction by one in ten thousand."""
    graph = model.graph
    graph.node[-1].output[0] = "unscaled"
    graph.initializer.append(onnx.helper.make_tensor("factor", onnx.TensorProto.FLOAT, [], [1.0001]))
    graph.node.append(onnx.helper.make_node("Mul", ["unscaled", "factor"], [graph.output[0].name]))


def other_features(model: onnx.ModelProto) -> None:
    names = next(entry for entry in model.metadata_props if entry.key == "feature_names")
    names.value = names.value.replace("store_level", "store_height")


def twelve_inputs(described: dict[str, Any]) -> None:
    described["signature"]["inputs"] = described["signature"]["inputs"].replace("13]", "12]")


def test_a_trained_model_passes(folder: Path, trained: list[dict[str, Any]]) -> None:
    found = checks.check(folder, trained[0]["run_id"])
    assert found == {"stores": trained[0]["stores"], "date_range": trained[0]["date_range"]}


@pytest.mark.parametrize(
    ("edit", "cause"),
    [
        (lambda folder: (folder / "MLmodel").unlink(), "MLmodel of run .* cannot be read"),
        (lambda folder: (folder / "MLmodel").write_text("{"), "MLmodel of run .* cannot be read"),
        (signature(lambda d: d.update(run_id="0" * 32)), "MLmodel names run 0+, not "),
        (signature(lambda d: d.pop("signature")), "has the signature none -> none"),
        (signature(twelve_inputs), r"has the signature float32 \['n', 12\] -> float32 \['n'\]; .* \[n, 13\]"),
        (lambda folder: (folder / "model.onnx").unlink(), "has no model.onnx"),
        (lambda folder: (folder / "model.onnx").write_bytes(b"damaged"), "damaged or not an ONNX model"),
        (onnx_file(other_features), "it was trained on the features .*store_height"),
        (onnx_file(predicts_more), r"36 of 36 golden events differ by more than 1e-05 \(relative\)"),
        (lambda folder: (folder / checks.GOLDEN).unlink(), "has no golden batch"),
        (lambda folder: (folder / checks.GOLDEN).write_text("["), "golden batch of run .* cannot be read"),
        (golden(lambda batch: batch.pop("events")), "golden batch of run .* cannot be read: KeyError"),
        (golden(lambda batch: batch["events"].pop()), "35 valid of 35 events and 36 predictions"),
        (golden(lambda batch: batch["events"][3].pop("sales_id")), "35 valid of 36 events"),
        (golden(lambda batch: batch.update(events=[], predictions=[])), "0 valid of 0 events"),
        (golden(lambda b: b["predictions"].__setitem__(5, b["predictions"][5] * 1.001)), "1 of 36 golden .* event 5"),
        (golden(lambda batch: batch["predictions"].__setitem__(2, float("nan"))), "1 of 36 golden"),
    ],
)
def test_a_bad_model_is_refused(
    folder: Path, trained: list[dict[str, Any]], edit: Callable[[Path], object], cause: str
) -> None:
    edit(folder)
    with pytest.raises(CheckError, match=cause) as refused:
        checks.check(folder, trained[0]["run_id"])
    assert "make train" in refused.value.next_step or "log the model" in refused.value.next_step
