output "name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

output "arn" {
  description = "ARN of the function."
  value       = aws_lambda_function.this.arn
}

output "function_version" {
  description = "Newest published version of the function."
  value       = aws_lambda_function.this.version
}

output "live_version" {
  description = "Version the alias `live` points at."
  value       = aws_lambda_alias.live.function_version
}

output "live_alias_arn" {
  description = "ARN of the alias `live`."
  value       = aws_lambda_alias.live.arn
}

output "role_name" {
  description = "Name of the execution role."
  value       = aws_iam_role.this.name
}

output "log_group_name" {
  description = "Name of the log group."
  value       = aws_cloudwatch_log_group.this.name
}

output "event_source_mapping_id" {
  description = "UUID of the event source mapping."
  value       = aws_lambda_event_source_mapping.this.uuid
}

output "environment" {
  description = "Environment variables of the function."
  value       = aws_lambda_function.this.environment[0].variables
}

output "role_policies" {
  description = "Policies of the execution role, as JSON by name."
  value = {
    for policy in concat([aws_iam_role_policy.pipeline, aws_iam_role_policy.telemetry], aws_iam_role_policy.key) :
    policy.name => policy.policy
  }
}

# Resources that take the key from here get it after the function may use it, and lose it before. Otherwise KMS would refuse
# the mapping's reads for a while, and the function could store no failed events.
output "kms_key_arn" {
  description = "ARN of the KMS key, once the function may use it; null without a key."
  value       = var.kms_key_arn
  depends_on  = [aws_iam_role_policy.key]
}

output "image_uri" {
  description = "Image the function runs; empty for a Zip."
  value       = local.is_image ? aws_lambda_function.this.image_uri : ""
}

output "settings" {
  description = "Settings in force, read back from the function, its log group and its event source mapping."
  value = {
    architecture               = aws_lambda_function.this.architectures[0]
    memory_size_mb             = aws_lambda_function.this.memory_size
    timeout_seconds            = aws_lambda_function.this.timeout
    log_retention_in_days      = aws_cloudwatch_log_group.this.retention_in_days
    log_kms_key_arn            = aws_cloudwatch_log_group.this.kms_key_id
    reserved_concurrency       = aws_lambda_function.this.reserved_concurrent_executions
    event_source_enabled       = aws_lambda_event_source_mapping.this.enabled
    batch_size                 = aws_lambda_event_source_mapping.this.batch_size
    batching_window_seconds    = aws_lambda_event_source_mapping.this.maximum_batching_window_in_seconds
    maximum_retry_attempts     = aws_lambda_event_source_mapping.this.maximum_retry_attempts
    maximum_record_age_seconds = aws_lambda_event_source_mapping.this.maximum_record_age_in_seconds
    bisect_batch_on_error      = aws_lambda_event_source_mapping.this.bisect_batch_on_function_error
    parallelization_factor     = aws_lambda_event_source_mapping.this.parallelization_factor
  }
}
