# The modules of the store-sales pipeline, with other names and another function.
terraform {
  required_version = ">= 1.11.0, < 2.0.0"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region = "ap-south-1"
}

# The harness sets those from run_id on.

variable "project_id" {
  description = "Suffix of every name."
  type        = string
  default     = "local"
}

variable "run_id" {
  description = "MLflow run of the model to serve; without it, the events wait in the stream."
  type        = string
  default     = null
}

variable "lambda_package_type" {
  description = "Image or Zip."
  type        = string
  default     = "Image"
}

variable "lambda_zip_path" {
  description = "The Zip of a Zip function."
  type        = string
  default     = null
}

variable "lambda_architecture" {
  description = "x86_64 or arm64; that of the packages in Zip or image."
  type        = string
  default     = "x86_64"
}

variable "lambda_function_local_path" {
  description = "Folder to build the image from."
  type        = string
  default     = "../function"
}

variable "docker_image_local_path" {
  description = "The image's Dockerfile."
  type        = string
  default     = "../function/Dockerfile"
}

variable "image_build_args" {
  description = "Build arguments of the Dockerfile, such as BASE_IMAGE."
  type        = map(string)
  default     = {}
}

variable "ecr_password_command" {
  description = "Command that prints the registry's password; null uses the AWS CLI."
  type        = string
  default     = null
}

locals {
  is_image = var.lambda_package_type == "Image"
  function = "ride_duration_${var.project_id}"
}

module "stream" {
  source   = "../../../infrastructure/modules/kinesis"
  for_each = toset(["ride-events", "ride-predictions"])

  name            = "${each.key}-${var.project_id}"
  shard_count     = 2
  retention_hours = 24
}

module "bucket" {
  source   = "../../../infrastructure/modules/s3"
  for_each = toset(["ride-models", "ride-failed-events"])

  name          = "${each.key}-${var.project_id}"
  force_destroy = true
}

module "ecr" {
  source = "../../../infrastructure/modules/ecr"
  count  = local.is_image ? 1 : 0

  name             = local.function
  function_name    = local.function
  force_delete     = true
  build_context    = var.lambda_function_local_path
  dockerfile       = var.docker_image_local_path
  architecture     = var.lambda_architecture
  build_args       = var.image_build_args
  password_command = var.ecr_password_command
}

module "lambda" {
  source = "../../../infrastructure/modules/lambda"

  name            = local.function
  package_type    = var.lambda_package_type
  zip_path        = var.lambda_zip_path
  handler         = "ride.handler" # of the Zip; the image's is in its Dockerfile
  image_uri       = one(module.ecr[*].image_uri)
  architecture    = var.lambda_architecture
  timeout_seconds = 60

  environment = merge(
    {
      PREDICTIONS_STREAM_NAME = "ride-predictions-${var.project_id}"
      MODEL_BUCKET            = "ride-models-${var.project_id}"
      FAILED_EVENTS_BUCKET    = "ride-failed-events-${var.project_id}"
    },
    var.run_id == null ? {} : { RUN_ID = var.run_id },
  )

  source_stream_arn        = module.stream["ride-events"].arn
  output_stream_arn        = module.stream["ride-predictions"].arn
  model_bucket_arn         = module.bucket["ride-models"].arn
  failed_events_bucket_arn = module.bucket["ride-failed-events"].arn

  event_source_enabled       = var.run_id != null
  batch_size                 = 100 # at most 500, the most that one PutRecords call of the function takes
  batching_window_seconds    = 0
  maximum_retry_attempts     = 3
  maximum_record_age_seconds = 86400
  bisect_batch_on_error      = true
  parallelization_factor     = 1
  event_count_metrics        = false
}

output "source_stream_name" { value = module.stream["ride-events"].name }
output "predictions_stream_name" { value = module.stream["ride-predictions"].name }
output "failed_events_bucket" { value = module.bucket["ride-failed-events"].name }
output "model_bucket" { value = module.bucket["ride-models"].name }
output "lambda_function" { value = module.lambda.name }
