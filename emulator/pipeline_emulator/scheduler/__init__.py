"""EventBridge Scheduler: runs the schedules, which moto only stores."""
