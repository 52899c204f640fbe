# Function. The variables of its image are in variables_image.tf.

variable "lambda_function_name" {
  description = "Name of the function, without the project_id suffix."
  type        = string
  default     = "store_sales"
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9_-]{1,36}$", var.lambda_function_name))
    error_message = "lambda_function_name may hold 1 to 36 letters, digits, hyphens and underscores: AWS allows 64 for the role, which is named <name>_<project_id>_lambda."
  }
}

variable "lambda_package_type" {
  description = "How the function is deployed: Image (a container image in ECR) or Zip."
  type        = string
  default     = "Image"
  nullable    = false

  validation {
    condition     = contains(["Image", "Zip"], var.lambda_package_type)
    error_message = "lambda_package_type must be \"Image\" or \"Zip\"."
  }
}

variable "lambda_zip_path" {
  description = "Built Zip of the function; required for package type Zip."
  type        = string
  default     = null
}

variable "lambda_architecture" {
  description = "Instruction set of the function: x86_64 or arm64."
  type        = string
  default     = "x86_64"
  nullable    = false
}

variable "lambda_memory_size_mb" {
  description = "Memory of the function in MB; CPU time grows with it."
  type        = number
  default     = 1024
  nullable    = false
}

variable "lambda_timeout_seconds" {
  description = "Longest duration of an invocation, in seconds. Writing to both stream and bucket needs at least 3; retries need more."
  type        = number
  default     = 180
  nullable    = false
}

variable "lambda_reserved_concurrency" {
  description = "Concurrent invocations reserved for the function, which is also its limit; null reserves and limits none. They count against the account's quota, of which AWS keeps 100 for other functions."
  type        = number
  default     = null

  validation {
    condition = var.lambda_reserved_concurrency == null || try(
      var.lambda_reserved_concurrency >= var.shard_count * var.parallelization_factor
      && floor(var.lambda_reserved_concurrency) == var.lambda_reserved_concurrency, false
    )
    error_message = "lambda_reserved_concurrency must be a whole number of at least shard_count * parallelization_factor (${var.shard_count * var.parallelization_factor}), the number of batches processed at the same time, or null."
  }
}

variable "lambda_environment" {
  description = "More environment variables for the function, for example { LOG_LEVEL = \"DEBUG\" }."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = length(setintersection(
      keys(var.lambda_environment),
      ["PREDICTIONS_STREAM_NAME", "MODEL_BUCKET", "FAILED_EVENTS_BUCKET", "RUN_ID", "SHADOW_RUN_ID"]
    )) == 0
    error_message = "lambda_environment may not set PREDICTIONS_STREAM_NAME, MODEL_BUCKET, FAILED_EVENTS_BUCKET, RUN_ID or SHADOW_RUN_ID: other variables set them."
  }
}

variable "run_id" {
  description = "MLflow run id of the model to serve; null disables the event source mapping."
  type        = string
  default     = null

  validation {
    condition     = var.run_id == null || can(regex("^[a-zA-Z0-9][\\w-]{0,255}$", var.run_id))
    error_message = "run_id must be an MLflow run id: letters, digits, _ and -, for example 32 hex digits."
  }
}

variable "shadow_run_id" {
  description = "MLflow run id of a second model that predicts the same events. Its predictions only go to logs and metrics. null for none."
  type        = string
  default     = null

  validation {
    condition     = var.shadow_run_id == null || can(regex("^[a-zA-Z0-9][\\w-]{0,255}$", var.shadow_run_id))
    error_message = "shadow_run_id must be an MLflow run id: letters, digits, _ and -, for example 32 hex digits."
  }

  validation {
    condition     = var.shadow_run_id == null || var.shadow_run_id != var.run_id
    error_message = "shadow_run_id equals run_id: the model would be compared with itself. Use the run of another model."
  }
}

variable "live_version" {
  description = "Published version that answers the events, for example \"3\" to roll back to it with its model and settings; null is the version this apply publishes."
  type        = string
  default     = null
}

variable "log_retention_in_days" {
  description = "Days to keep the function's logs; 0 keeps them forever."
  type        = number
  default     = 30
  nullable    = false
}
