"""What core's CloudWatch Logs lacks for the pipeline: a key for a log group that is there."""
