module "kms" {
  source = "./modules/kms"
  count  = var.kms_enabled ? 1 : 0

  name                 = "store-sales-${var.project_id}"
  log_group_name       = "/aws/lambda/${local.lambda_function_name}"
  deletion_window_days = var.kms_deletion_window_days
}

module "source_stream" {
  source = "./modules/kinesis"

  name                = local.source_stream_name
  stream_mode         = var.stream_mode
  shard_count         = var.shard_count
  retention_hours     = var.stream_retention_hours
  shard_level_metrics = var.shard_level_metrics
  kms_key_arn         = module.lambda.kms_key_arn
}

module "output_stream" {
  source = "./modules/kinesis"

  name                = local.output_stream_name
  stream_mode         = var.stream_mode
  shard_count         = var.shard_count
  retention_hours     = var.stream_retention_hours
  shard_level_metrics = var.shard_level_metrics
  kms_key_arn         = module.lambda.kms_key_arn
}

module "model_bucket" {
  source = "./modules/s3"

  name                       = local.model_bucket
  noncurrent_expiration_days = var.noncurrent_expiration_days
  kms_key_arn                = module.lambda.kms_key_arn
  force_destroy              = var.force_destroy
}

module "failed_events_bucket" {
  source = "./modules/s3"

  name                       = local.failed_events_bucket
  expiration_days            = var.failed_events_expiration_days
  noncurrent_expiration_days = var.noncurrent_expiration_days
  kms_key_arn                = module.lambda.kms_key_arn
  force_destroy              = var.force_destroy
}

module "ecr" {
  source = "./modules/ecr"
  count  = local.is_image ? 1 : 0

  name          = local.ecr_repo_name
  function_name = local.lambda_function_name
  keep_images   = var.ecr_keep_images
  force_delete  = var.force_destroy
  kms_key_arn   = local.kms_key_arn

  build_context    = local.build_image ? var.lambda_function_local_path : null
  dockerfile       = var.docker_image_local_path
  architecture     = var.lambda_architecture
  build_args       = var.image_build_args
  container_engine = var.container_engine
  password_command = var.ecr_password_command
}

module "lambda" {
  source = "./modules/lambda"

  name                  = local.lambda_function_name
  package_type          = var.lambda_package_type
  zip_path              = var.lambda_zip_path
  image_uri             = local.image_uri
  architecture          = var.lambda_architecture
  memory_size_mb        = var.lambda_memory_size_mb
  timeout_seconds       = var.lambda_timeout_seconds
  log_retention_in_days = var.log_retention_in_days
  live_version          = var.live_version
  reserved_concurrency  = var.lambda_reserved_concurrency
  kms_key_arn           = local.kms_key_arn

  environment = merge(
    var.lambda_environment,
    {
      PREDICTIONS_STREAM_NAME = local.output_stream_name
      MODEL_BUCKET            = local.model_bucket
      FAILED_EVENTS_BUCKET    = local.failed_events_bucket
    },
    var.run_id == null ? {} : { RUN_ID = var.run_id },
    var.shadow_run_id == null ? {} : { SHADOW_RUN_ID = var.shadow_run_id },
  )

  source_stream_arn        = module.source_stream.arn
  output_stream_arn        = module.output_stream.arn
  model_bucket_arn         = module.model_bucket.arn
  failed_events_bucket_arn = module.failed_events_bucket.arn

  # Without a model every batch would fail and end in the failed-events bucket, so the events wait instead.
  event_source_enabled       = var.run_id != null
  batch_size                 = var.batch_size
  batching_window_seconds    = var.batching_window_seconds
  maximum_retry_attempts     = var.maximum_retry_attempts
  maximum_record_age_seconds = var.maximum_record_age_seconds
  bisect_batch_on_error      = var.bisect_batch_on_error
  parallelization_factor     = var.parallelization_factor
  event_count_metrics        = var.monitoring_enabled
}

module "monitoring" {
  source = "./modules/monitoring"
  count  = var.monitoring_enabled ? 1 : 0

  function_name           = local.lambda_function_name
  timeout_seconds         = var.lambda_timeout_seconds
  log_group_name          = module.lambda.log_group_name
  event_source_mapping_id = module.lambda.event_source_mapping_id
  source_stream_name      = local.source_stream_name
  output_stream_name      = local.output_stream_name
  aws_region              = var.aws_region
  alarm_topic_arn         = var.alarm_topic_arn

  thresholds = {
    iterator_age_seconds     = var.alarm_iterator_age_seconds
    errors                   = var.alarm_errors
    throttles                = var.alarm_throttles
    duration_percent         = var.alarm_duration_percent
    failed_events            = var.alarm_failed_events
    output_throttled_records = var.alarm_output_throttled_records
  }
}

# Keeps the package type of the first apply. Another one would replace the function, and destroy the repository with its
# images if the function was an image. A variables file for another stack asks for that by mistake.
resource "terraform_data" "package_type" {
  input = var.lambda_package_type

  lifecycle {
    ignore_changes = [input]

    postcondition {
      condition     = self.output == var.lambda_package_type
      error_message = "The function was deployed as ${self.output}, and lambda_package_type is ${var.lambda_package_type}: this would destroy the function, and the ECR repository of an image. Add -var lambda_package_type=${self.output} to keep them, or -replace=terraform_data.package_type to change the type."
    }
  }
}

check "model_chosen" {
  assert {
    condition     = var.run_id != null
    error_message = "run_id is not set: the event source mapping is disabled, and events wait in ${local.source_stream_name}. Publish a model to ${local.model_bucket}, then apply with -var run_id=<MLflow run id>."
  }
}
