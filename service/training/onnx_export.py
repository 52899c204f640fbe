"""Writes the fitted model as ONNX: sales = exp(base feature + sum of the trees).

Why not skl2onnx: version 1.20 cannot convert HistGradientBoostingRegressor with current onnx releases (it passes
booleans where integers are expected), and it rounds split thresholds to the nearest float32, which sends samples down
the wrong branch (onnx/sklearn-onnx issue 1192). This module rounds thresholds down: for a float32 x, x <= t and
x <= floor32(t) are equivalent.
"""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper
from sklearn.ensemble import HistGradientBoostingRegressor

from store_sales.features import BASE_FEATURE

IR_VERSION, OPSET, ML_OPSET = 10, 21, 3
"""Supported by every ONNX Runtime since 1.20, so model and function can be upgraded separately."""


def to_onnx(trees: HistGradientBoostingRegressor, metadata: dict[str, str]) -> onnx.ModelProto:
    """Return the model: input `features`, float32 [n, features]; output `sales`, float32 [n].

    Args:
        trees: fitted to the logarithm of sales minus the base feature.
        metadata: stored as `metadata_props`.
    """
    base = helper.make_tensor("base_index", TensorProto.INT64, [], [BASE_FEATURE])
    shape = helper.make_tensor("flat", TensorProto.INT64, [1], [-1])
    nodes = [
        helper.make_node("Gather", ["features", "base_index"], ["base"], axis=1),
        helper.make_node("TreeEnsembleRegressor", ["features"], ["tree_sum"], domain="ai.onnx.ml", **_ensemble(trees)),
        helper.make_node("Reshape", ["tree_sum", "flat"], ["deviation"]),
        helper.make_node("Add", ["base", "deviation"], ["log_sales"]),
        helper.make_node("Exp", ["log_sales"], ["sales"]),
    ]
    graph = helper.make_graph(
        nodes,
        "store_sales",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", trees.n_features_in_])],
        [helper.make_tensor_value_info("sales", TensorProto.FLOAT, ["n"])],
        [base, shape],
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="store_sales.training")
    helper.set_model_props(model, metadata)
    onnx.checker.check_model(model, full_check=True)
    return model


def _ensemble(trees: HistGradientBoostingRegressor) -> dict[str, Any]:
    """Return the attributes of TreeEnsembleRegressor.

    scikit-learn has no public accessor for the nodes of its histogram trees; skl2onnx and treelite read `_predictors`
    as well. scikit-learn is pinned, and training compares ONNX with scikit-learn on the whole hold-out.
    """
    nodes = [predictor.nodes for (predictor,) in trees._predictors]
    tree = np.repeat(np.arange(len(nodes)), [len(of_tree) for of_tree in nodes])
    node = np.concatenate([np.arange(len(of_tree)) for of_tree in nodes])
    every = np.concatenate(nodes)
    if every["is_categorical"].any():
        raise ValueError("categorical splits are not exported")
    leaf = every["is_leaf"].astype(bool)
    return {
        "n_targets": 1,
        "base_values": [float(trees._baseline_prediction.item())],
        "nodes_treeids": tree.tolist(),
        "nodes_nodeids": node.tolist(),
        "nodes_modes": np.where(leaf, "LEAF", "BRANCH_LEQ").tolist(),
        "nodes_featureids": np.where(leaf, 0, every["feature_idx"]).tolist(),
        "nodes_values": floor32(np.where(leaf, 0.0, every["num_threshold"])).tolist(),
        "nodes_truenodeids": np.where(leaf, 0, every["left"]).tolist(),
        "nodes_falsenodeids": np.where(leaf, 0, every["right"]).tolist(),
        "target_treeids": tree[leaf].tolist(),
        "target_nodeids": node[leaf].tolist(),
        "target_ids": np.zeros(int(leaf.sum()), dtype=int).tolist(),
        "target_weights": every["value"][leaf].astype(np.float32).tolist(),
    }


def floor32(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the largest float32 <= each value, in the same shape."""
    nearest = values.astype(np.float32)
    return np.where(nearest > values, np.nextafter(nearest, np.float32(-np.inf)), nearest)
