"""Model rollout: from MLflow's registry, through its checks, to a stage; and back to an earlier version."""
