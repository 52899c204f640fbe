"""Adds to core's CloudWatch Logs what the pipeline needs: changing the KMS key of an existing log group."""
