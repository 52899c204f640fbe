output "lambda_function" {
  description = "Name of the function."
  value       = module.lambda.name
}

output "function_version" {
  description = "Newest published version of the function; this apply published it only if something changed."
  value       = module.lambda.function_version
}

output "live_version" {
  description = "Version that answers the events: the one the alias `live` points at."
  value       = module.lambda.live_version
}

output "live_alias_arn" {
  description = "ARN of the alias `live`, which the event source mapping invokes."
  value       = module.lambda.live_alias_arn
}

output "model_bucket" {
  description = "Name of the S3 bucket the function loads its model from."
  value       = module.model_bucket.name
}

output "failed_events_bucket" {
  description = "Name of the S3 bucket of failed events."
  value       = module.failed_events_bucket.name
}

output "source_stream_name" {
  description = "Name of the Kinesis stream of sales events."
  value       = module.source_stream.name
}

output "predictions_stream_name" {
  description = "Name of the Kinesis stream of predictions."
  value       = module.output_stream.name
}

# Terraform drops null outputs, so outputs that a Zip function lacks are empty strings.
output "ecr_repo" {
  description = "Name of the ECR repository; empty when the function is a Zip."
  value       = local.is_image ? module.ecr[0].name : ""
}

output "ecr_repository_url" {
  description = "URL of the ECR repository; empty when the function is a Zip."
  value       = local.is_image ? module.ecr[0].repository_url : ""
}

output "image_uri" {
  description = "Image the function runs: by digest, or as given in image_uri; empty when the function is a Zip."
  value       = module.lambda.image_uri
}

output "log_group" {
  description = "Name of the CloudWatch log group of the function."
  value       = module.lambda.log_group_name
}

output "event_source_mapping_id" {
  description = "UUID of the event source mapping; its failure records are stored under aws/lambda/<UUID>/."
  value       = module.lambda.event_source_mapping_id
}

output "alarm_names" {
  description = "Names of the CloudWatch alarms; empty when monitoring is off."
  value       = flatten(module.monitoring[*].alarm_names)
}

output "dashboard_name" {
  description = "Name of the CloudWatch dashboard; empty when monitoring is off."
  value       = join("", module.monitoring[*].dashboard_name)
}

output "kms_key_arn" {
  description = "ARN of the stage's KMS key; empty when kms_enabled is false."
  value       = join("", module.kms[*].arn)
}
