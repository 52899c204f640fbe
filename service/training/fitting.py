"""Fits the model, and evaluates it and the baseline."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from store_sales.features import BASE_FEATURE, calendar_features, feature_matrix
from store_sales.profiles import WEEKDAYS, StoreProfiles
from training.dataset import Dataset
from training.store_profiles import fit_profiles

PARAMETERS = {
    "loss": "squared_error",
    "learning_rate": 0.06,
    "max_iter": 300,
    "max_leaf_nodes": 31,
    "min_samples_leaf": 30,
    "l2_regularization": 20.0,
    "early_stopping": False,
    "random_state": 0,
}

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Fitted:
    """The trees, and the profiles that the features use."""

    trees: HistGradientBoostingRegressor
    profiles: StoreProfiles

    def features(self, data: Dataset) -> NDArray[np.float32]:
        """Return the features of the data, shape (n, number of features)."""
        return feature_matrix(data.dates, data.stores.tolist(), data.promos, data.holidays, self.profiles)

    def predict(self, features: NDArray[np.float32]) -> Floats:
        """Return predicted sales, shape (n,)."""
        prediction: Floats = np.exp(features[:, BASE_FEATURE].astype(np.float64) + self.trees.predict(features))
        return prediction


def fit(training: Dataset, parameters: Mapping[str, object] = PARAMETERS) -> Fitted:
    """Fit the profiles, then fit the trees, with these parameters, to the residuals of log sales.

    Squared error of log sales approximates the relative error, which RMSPE measures. One thread gives the same sums in
    the same order on every machine. On busy cores, several threads spinning for each other took ten times as long.
    """
    fitted = Fitted(HistGradientBoostingRegressor(**parameters), fit_profiles(training))
    features = fitted.features(training)
    with threadpool_limits(1, user_api="openmp"):
        fitted.trees.fit(features, np.log(training.sales) - features[:, BASE_FEATURE])
    return fitted


def baseline(training: Dataset, days: Dataset) -> Floats:
    """Predict the mean sales of the same store, promotion and weekday, shape (n,).

    Falls back to the store's mean if training has no such day, and to the overall mean if it has no such store.
    """
    prediction = np.full(len(days), training.sales.mean())
    store_mean, combination_mean = (_mean_by(keys(training), training.sales) for keys in (_store_keys, _day_keys))
    for index, (store, combination) in enumerate(zip(_store_keys(days), _day_keys(days), strict=True)):
        prediction[index] = combination_mean.get(combination, store_mean.get(store, prediction[index]))
    return prediction


def _store_keys(data: Dataset) -> list[int]:
    return [int(store) for store in data.stores]


def _day_keys(data: Dataset) -> list[int]:
    weekday = calendar_features(data.dates)["weekday"]
    return [int(key) for key in (data.stores * 2 + data.promos) * WEEKDAYS + weekday]


def _mean_by(keys: list[int], values: Floats) -> dict[int, float]:
    unique, group = np.unique(keys, return_inverse=True)
    means = np.bincount(group, weights=values) / np.bincount(group)
    return dict(zip(unique.tolist(), means.tolist(), strict=True))


def rmspe(actual: Floats, predicted: Floats) -> float:
    """Return the root mean square percentage error of shape (n,) arrays as a fraction; actual values must not be 0."""
    return float(np.sqrt(np.mean(((actual - predicted) / actual) ** 2)))


def metrics(actual: Floats, predicted: Floats) -> dict[str, float]:
    """Evaluate predictions, arrays of shape (n,); relative figures are fractions, `mae` is in units of sales."""
    relative = (predicted - actual) / actual
    return {
        "rmspe": rmspe(actual, predicted),
        "mape": float(np.mean(np.abs(relative))),
        "mean_relative_error": float(np.mean(relative)),
        "mae": float(np.mean(np.abs(predicted - actual))),
    }
