variable "name" {
  description = "Name of the function."
  type        = string
  nullable    = false

  validation {
    # The role is named <name>_lambda, and AWS limits role names to 64 characters.
    condition     = can(regex("^[a-zA-Z0-9_-]{1,57}$", var.name))
    error_message = "name may hold 1 to 57 letters, digits, hyphens and underscores."
  }
}

variable "package_type" {
  description = "How the function is deployed: Image or Zip."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["Image", "Zip"], var.package_type)
    error_message = "package_type must be \"Image\" or \"Zip\"."
  }
}

variable "image_uri" {
  description = "Image in ECR, preferably by digest; required for package type Image."
  type        = string
  default     = null
}

variable "zip_path" {
  description = "Path of the built Zip; required for package type Zip."
  type        = string
  default     = null
}

variable "runtime" {
  description = "Managed runtime of a Zip function."
  type        = string
  default     = "python3.13"
  nullable    = false
}

variable "handler" {
  description = "Entry point of a Zip function."
  type        = string
  default     = "store_sales.handler.lambda_handler"
  nullable    = false
}

variable "architecture" {
  description = "Instruction set: x86_64 or arm64."
  type        = string
  default     = "x86_64"
  nullable    = false

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture must be \"x86_64\" or \"arm64\"."
  }
}

variable "memory_size_mb" {
  description = "Memory in MB; CPU time grows with it."
  type        = number
  default     = 1024
  nullable    = false

  validation {
    condition     = var.memory_size_mb >= 128 && var.memory_size_mb <= 10240 && floor(var.memory_size_mb) == var.memory_size_mb
    error_message = "memory_size_mb must be a whole number from 128 to 10240."
  }
}

variable "timeout_seconds" {
  description = "Longest duration of an invocation, in seconds."
  type        = number
  default     = 180
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 900 && floor(var.timeout_seconds) == var.timeout_seconds
    error_message = "timeout_seconds must be a whole number from 1 to 900."
  }
}

variable "reserved_concurrency" {
  description = "Concurrent invocations reserved for the function, which is also its limit; null reserves and limits none."
  type        = number
  default     = null

  validation {
    condition     = var.reserved_concurrency == null || try(var.reserved_concurrency >= 1 && floor(var.reserved_concurrency) == var.reserved_concurrency, false)
    error_message = "reserved_concurrency must be a whole number of at least 1, or null (0 would stop the function; to do that, set event_source_enabled to false)."
  }
}

variable "log_retention_in_days" {
  description = "Days to keep the logs; 0 keeps them forever."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition = contains(
      [0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653],
      var.log_retention_in_days,
    )
    error_message = "log_retention_in_days must be a value CloudWatch Logs offers: 0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "environment" {
  description = "Environment variables of the function."
  type        = map(string)
  nullable    = false
}

variable "live_version" {
  description = "Version the alias `live` points at; null is the version just published."
  type        = string
  default     = null

  validation {
    condition     = var.live_version == null || can(regex("^[1-9][0-9]{0,9}$", var.live_version))
    error_message = "live_version must be the number of a published version, for example \"3\", or null."
  }
}

variable "source_stream_arn" {
  description = "ARN of the Kinesis stream of events."
  type        = string
  nullable    = false
}

variable "output_stream_arn" {
  description = "ARN of the Kinesis stream of predictions."
  type        = string
  nullable    = false
}

variable "model_bucket_arn" {
  description = "ARN of the S3 bucket of models."
  type        = string
  nullable    = false
}

variable "failed_events_bucket_arn" {
  description = "ARN of the S3 bucket of failed events."
  type        = string
  nullable    = false
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts the streams, buckets and logs, which the function may then use; null without encryption."
  type        = string
  default     = null
}
