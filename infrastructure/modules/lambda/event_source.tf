resource "aws_lambda_event_source_mapping" "this" {
  # Lambda checks the role's permissions on stream and bucket when the mapping is made, and reads with them until
  # it is gone. The dependency gives both orders: created after the policy, destroyed before it.
  depends_on = [aws_iam_role_policy.pipeline]

  event_source_arn = var.source_stream_arn
  function_name    = aws_lambda_alias.live.arn
  enabled          = var.event_source_enabled

  # From the oldest record on: events that arrived before the mapping was made are predicted too.
  starting_position                  = "TRIM_HORIZON"
  batch_size                         = var.batch_size
  maximum_batching_window_in_seconds = var.batching_window_seconds
  parallelization_factor             = var.parallelization_factor
  tumbling_window_in_seconds         = 0

  # AWS's defaults retry for ever and block the shard until the records expire.
  function_response_types        = ["ReportBatchItemFailures"]
  bisect_batch_on_function_error = var.bisect_batch_on_error
  maximum_retry_attempts         = var.maximum_retry_attempts
  maximum_record_age_in_seconds  = var.maximum_record_age_seconds

  destination_config {
    on_failure {
      # S3 keeps the whole batch; SQS and SNS would get a pointer into the stream, which expires with its retention.
      destination_arn = var.failed_events_bucket_arn
    }
  }
}
