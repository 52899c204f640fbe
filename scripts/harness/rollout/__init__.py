"""Model rollout: promotes a model from MLflow's registry to a stage after checks; rolls back to an earlier version."""
