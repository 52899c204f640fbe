provider "aws" {
  region = "ap-south-1"
}

module "events" {
  source = "../../../kinesis"

  name            = "example-events"
  shard_count     = 2
  retention_hours = 48
}

module "predictions" {
  source = "../../../kinesis"

  name            = "example-predictions"
  shard_count     = 2
  retention_hours = 48
}

module "models" {
  source = "../../../s3"

  name = "example-models"
}

module "failed_events" {
  source = "../../../s3"

  name            = "example-failed-events"
  expiration_days = 90
}

module "function" {
  source = "../.."

  name         = "example"
  package_type = "Image"
  image_uri    = "123456789012.dkr.ecr.ap-south-1.amazonaws.com/example@sha256:0000000000000000000000000000000000000000000000000000000000000000"

  log_retention_in_days = 365

  environment = {
    PREDICTIONS_STREAM_NAME = module.predictions.name
    MODEL_BUCKET            = module.models.name
    FAILED_EVENTS_BUCKET    = module.failed_events.name
  }

  source_stream_arn        = module.events.arn
  output_stream_arn        = module.predictions.arn
  model_bucket_arn         = module.models.arn
  failed_events_bucket_arn = module.failed_events.arn

  event_source_enabled       = true
  event_count_metrics        = false
  batch_size                 = 100
  batching_window_seconds    = 1
  maximum_retry_attempts     = 3
  maximum_record_age_seconds = 86400
  bisect_batch_on_error      = true
  parallelization_factor     = 1
}

output "live_alias_arn" {
  description = "ARN of the alias that the event source mapping invokes."
  value       = module.function.live_alias_arn
}
