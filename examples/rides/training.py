"""Makes up rides, trains LightGBM on them, logs the model to MLflow as ONNX, and predicts with LightGBM itself."""

import json
import logging
import os
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import lightgbm
import numpy as np
import onnx
from onnx import TensorProto, helper

FEATURES = ("PULocationID", "DOLocationID", "trip_distance")
ZONES, RIDES, SEED = 265, 20_000, 42
NATIVE, ONNX, EVALUATION = "model.txt", "model.onnx", "evaluation.json"
PARITY = 1e-5  # ONNX Runtime adds up float32, LightGBM float64
TREES = 100
PARAMETERS = {"objective": "regression", "num_leaves": 31, "seed": SEED, "num_threads": 1, "verbosity": -1}
NAME, ALIAS = "rides", "latest-trained"


def made_up(chance):
    """Make up an event; `events.made_up` of pipeline.toml."""
    zones = {"PULocationID": chance.randint(1, ZONES), "DOLocationID": chance.randint(1, ZONES)}
    miles = round(chance.lognormvariate(0.8, 0.8), 2)
    return {"ride": {**zones, "trip_distance": min(miles, 100.0)}, "ride_id": f"{chance.getrandbits(48):x}"}


def expected(events, model):
    """Return the answers to valid events; `ledger.expected` of pipeline.toml. ONNX has no part in it."""
    rides = _features([event["ride"] for event in events])
    answers = _native(model["model_dir"]).predict(rides) if events else []
    return [
        {
            "model": "ride_duration",
            "version": model["run_id"],
            "prediction": {"ride_duration": float(minutes), "ride_id": event["ride_id"]},
        }
        for event, minutes in zip(events, answers, strict=True)
    ]


def train(mlflow_dir, cache_dir, tracking_uri, data=None):  # noqa: ARG001 - nothing is downloaded
    """Train, log and register a model; `model.train` of pipeline.toml."""
    rides, minutes = _data(data)
    split = len(rides) * 4 // 5
    booster = lightgbm.train(PARAMETERS, lightgbm.Dataset(rides[:split], minutes[:split]), TREES)
    predicted = booster.predict(rides[split:])
    metrics = {"rmse": float(np.sqrt(np.mean((predicted - minutes[split:]) ** 2)))}
    evaluation = _evaluation(rides, minutes, split, predicted, booster)
    exported = to_onnx(booster)
    metrics["onnx_max_relative_difference"] = _difference(exported.SerializeToString(), booster, rides)
    return _log(exported, booster, metrics, evaluation, mlflow_dir, tracking_uri) | {"metrics": metrics}


def _evaluation(rides, minutes, split, predicted, booster):
    """Return what the page's Model view shows (docs/model.md): the hold-out, and the training data's distribution."""
    zones = rides[split:, 0].astype(int).tolist()
    held = {
        "rows": len(predicted),
        "actual": minutes[split:].round(2).tolist(),
        "predicted": predicted.round(2).tolist(),
    }
    features = [
        {"name": name, "path": f"ride.{name}", **_tenths(rides[:split, column])} for column, name in enumerate(FEATURES)
    ]
    answered = _tenths(booster.predict(rides[:split]))
    return {
        "format": 1,
        "target": "minutes",
        "hold_out": {**held, "groups": {"PULocationID": zones}},
        "training": {
            "features": features,
            "prediction": {"name": "minutes", "path": "prediction.ride_duration", **answered},
        },
    }


def _tenths(values):
    """Return the limits between tenths of the values, and how many values are in each."""
    edges = np.unique(np.quantile(values, np.arange(0.1, 1, 0.1)).round(3))
    counts = np.bincount(np.searchsorted(edges, values), minlength=len(edges) + 1)
    return {"edges": edges.tolist(), "counts": counts.tolist()}


def check(folder, run_id):
    """Check that ONNX Runtime predicts what LightGBM does; `model.promote` of pipeline.toml."""
    if f"run_id: {run_id}\n" not in (folder / "MLmodel").read_text():
        raise ValueError(f"{folder / 'MLmodel'} does not name run {run_id}")
    _difference((folder / ONNX).read_bytes(), _native(str(folder)), _data()[0])
    return {}


@lru_cache(maxsize=2)
def _native(folder):
    return lightgbm.Booster(model_file=Path(folder) / "extra_files" / NATIVE)


def _features(rides):
    return np.array([[ride[name] for name in FEATURES] for ride in rides], np.float32).reshape(-1, len(FEATURES))


def _data(file=None):
    """Return rides and their minutes: of a CSV file with the features and `duration`, or made up."""
    if file:
        table = np.genfromtxt(file, delimiter=",", names=True)
        return np.stack([table[name] for name in FEATURES], axis=1).astype(np.float32), table["duration"]
    chance = np.random.default_rng(SEED)
    zones = chance.integers(1, ZONES + 1, (RIDES, 2))
    miles = np.minimum(chance.lognormal(0.8, 0.8, RIDES).round(2), 100)
    traffic = 1 + 0.5 * np.cos(zones.sum(axis=1) / 50)  # slow and fast parts of the town
    minutes = 3 + 4 * miles * traffic + chance.gamma(2, 1, RIDES)
    return np.column_stack([zones, miles]).astype(np.float32), minutes


def to_onnx(booster):
    """Return the model: input `features`, float32 [n, 3]; output `minutes`, float32 [n, 1]."""
    node = helper.make_node(
        "TreeEnsembleRegressor", ["features"], ["minutes"], domain="ai.onnx.ml", n_targets=1, **_ensemble(booster)
    )
    shapes = {"features": len(FEATURES), "minutes": 1}
    takes, gives = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", n]) for name, n in shapes.items())
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 3)]
    graph = helper.make_graph([node], "ride_duration", [takes], [gives])
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    return model


def _ensemble(booster):
    trees = [_nodes(tree["tree_structure"], []) for tree in booster.dump_model()["tree_info"]]
    every = [(tree, number, node) for tree, nodes in enumerate(trees) for number, node in enumerate(nodes)]
    leaves = [(tree, number, node) for tree, number, node in every if "weight" in node]
    return {
        "nodes_treeids": [tree for tree, _, _ in every],
        "nodes_nodeids": [number for _, number, _ in every],
        "nodes_modes": ["LEAF" if "weight" in node else "BRANCH_LEQ" for _, _, node in every],
        "nodes_featureids": [node.get("feature", 0) for _, _, node in every],
        "nodes_values": [node.get("threshold", 0.0) for _, _, node in every],
        "nodes_truenodeids": [node.get("left", 0) for _, _, node in every],
        "nodes_falsenodeids": [node.get("right", 0) for _, _, node in every],
        "target_treeids": [tree for tree, _, _ in leaves],
        "target_nodeids": [number for _, number, _ in leaves],
        "target_ids": [0] * len(leaves),
        "target_weights": [node["weight"] for _, _, node in leaves],
    }


def _nodes(node, nodes):
    """Append a node and those below it to its tree's nodes, and return these."""
    if "leaf_value" in node:
        nodes.append({"weight": node["leaf_value"]})
        return nodes
    if node["decision_type"] != "<=" or node["missing_type"] != "None":
        raise ValueError("only numeric splits without missing values are exported")
    nodes.append(made := {"feature": node["split_feature"], "threshold": _floor32(node["threshold"])})
    made["left"] = len(nodes)
    _nodes(node["left_child"], nodes)
    made["right"] = len(nodes)
    return _nodes(node["right_child"], nodes)


def _floor32(value):
    """Return the largest float32 <= value. For a float32 x, x <= value and x <= floor32(value) are equivalent."""
    nearest = np.float32(value)
    return float(np.nextafter(nearest, np.float32(-np.inf)) if nearest > value else nearest)


def _difference(content, booster, rides):
    """Return the largest relative difference between the ONNX file and LightGBM.

    Raises:
        ValueError: it is too large.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    found = session.run(None, {"features": rides})[0].reshape(-1)
    difference = float(np.max(np.abs(found / booster.predict(rides) - 1)))
    if not difference <= PARITY:  # also if it is NaN
        raise ValueError(f"the ONNX file predicts up to {difference:.1e} (relative) off LightGBM; {PARITY} is allowed")
    return difference


def _log(exported, booster, metrics, evaluation, mlflow_dir, tracking_uri):
    """Log and register the model in MLflow's classic layout: a folder of the run, not a logged model of its own."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    import mlflow.onnx
    from mlflow.models import Model, infer_signature

    for name in ("alembic", "mlflow"):
        logging.getLogger(name).setLevel(logging.WARNING)
    folder = mlflow_dir.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(tracking_uri or f"sqlite:///{folder / 'mlflow.db'}")
    if not (known := mlflow.get_experiment_by_name(NAME)):
        location = None if tracking_uri else (folder / "artifacts").as_uri()  # a server has its own
        known = mlflow.get_experiment(mlflow.create_experiment(NAME, location))
    with mlflow.start_run(experiment_id=known.experiment_id) as run:
        mlflow.log_params(PARAMETERS | {"trees": TREES})
        mlflow.log_metrics(metrics)
        model_dir = folder / "classic" / run.info.run_id
        native, judged = folder / NATIVE, folder / EVALUATION
        booster.save_model(native)
        judged.write_text(json.dumps(evaluation))
        example = np.ones((1, len(FEATURES)), np.float32)
        signature = infer_signature(example, np.ones((1, 1), np.float32))
        mlflow.onnx.save_model(
            exported, model_dir, mlflow_model=Model(run_id=run.info.run_id), signature=signature,
            extra_files=[str(native), str(judged)], pip_requirements=["numpy", "onnxruntime"],
        )  # fmt: skip
        mlflow.log_artifacts(str(model_dir), "model")
        source = mlflow.get_artifact_uri("model")
    client = mlflow.MlflowClient()
    if not client.search_registered_models(f"name = '{NAME}'"):
        client.create_registered_model(NAME)
    version = client.create_model_version(NAME, source, run.info.run_id).version
    client.set_registered_model_alias(NAME, ALIAS, version)
    return {
        "run_id": run.info.run_id,
        "experiment_id": known.experiment_id,
        "model_dir": str(model_dir),
        "model_key": f"{known.experiment_id}/{run.info.run_id}/artifacts/model",
        "model_version": int(version),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }
