"""Model rollout: from MLflow's registry, through its checks, to a stage; and back to an earlier version.

Importing it imports MLflow, which takes seconds: commands import it when they run.
"""

import os
import warnings

from harness.environment import without_proxy

# A tracking server that is gone is to be told within seconds; MLflow's own patience is minutes.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
os.environ.update(without_proxy(os.environ))  # the stack's server is on this machine
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # MLflow warns of its own type hints when it is imported
    import training.tracking  # noqa: F401 (which also keeps MLflow from sending usage statistics)
