# Stage, streams, buckets and encryption. The function's variables are in variables_function.tf.
#
# A variable that goes to a module unchanged is validated there: Terraform shows both names. The validations here need what
# the modules do not know: suffixes, other variables, or modules that are left out.

variable "project_id" {
  description = "Stage, such as local, stg or prod; the suffix of every resource name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$", var.project_id))
    error_message = "project_id is part of bucket names. Use 1 to 20 lower-case letters, digits and hyphens, with a letter or digit at both ends, for example \"stg\"."
  }
}

variable "aws_region" {
  description = "AWS region of all resources."
  type        = string
  default     = "ap-south-1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.aws_region))
    error_message = "aws_region must be a region name such as \"ap-south-1\"."
  }
}

variable "allowed_account_ids" {
  description = "Ids of the AWS accounts this stage may be applied to; null allows any account."
  type        = list(string)
  default     = null

  validation {
    condition     = alltrue([for id in coalesce(var.allowed_account_ids, []) : can(regex("^[0-9]{12}$", id))])
    error_message = "allowed_account_ids must hold account ids of 12 digits, as strings."
  }
}

variable "force_destroy" {
  description = "Whether `terraform destroy` may delete buckets and repositories that still hold objects or images."
  type        = bool
  default     = false
  nullable    = false
}

variable "source_stream_name" {
  description = "Name of the stream of sales events, without the project_id suffix."
  type        = string
  default     = "sales-events"
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9_.-]{1,100}$", var.source_stream_name))
    error_message = "source_stream_name may hold 1 to 100 letters, digits and the characters _ . -"
  }
}

variable "output_stream_name" {
  description = "Name of the stream of predictions, without the project_id suffix."
  type        = string
  default     = "sales-predictions"
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9_.-]{1,100}$", var.output_stream_name))
    error_message = "output_stream_name may hold 1 to 100 letters, digits and the characters _ . -"
  }

  validation {
    condition     = var.output_stream_name != var.source_stream_name
    error_message = "output_stream_name equals source_stream_name: the function would read its own predictions. Choose another name."
  }
}

variable "stream_mode" {
  description = "PROVISIONED gives each stream shard_count shards. ON_DEMAND leaves their number to AWS, which bills by volume and doubles the capacity as the traffic grows."
  type        = string
  default     = "PROVISIONED"
  nullable    = false

  validation {
    condition     = contains(["PROVISIONED", "ON_DEMAND"], var.stream_mode)
    error_message = "stream_mode must be PROVISIONED or ON_DEMAND."
  }
}

variable "shard_count" {
  description = "Number of shards of each provisioned stream: `pipeline capacity` computes it. Ignored on demand."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = var.shard_count >= 1 && var.shard_count <= 10000 && floor(var.shard_count) == var.shard_count
    error_message = "shard_count must be a whole number from 1 to 10000, AWS's limit for a stream. The quota of your account may be lower: docs/scaling.md."
  }
}

variable "stream_retention_hours" {
  description = "Hours to keep a record in a stream."
  type        = number
  default     = 48
  nullable    = false

  validation {
    condition     = var.stream_retention_hours >= 24 && var.stream_retention_hours <= 8760 && floor(var.stream_retention_hours) == var.stream_retention_hours
    error_message = "stream_retention_hours must be a whole number from 24 to 8760."
  }
}

variable "shard_level_metrics" {
  description = "Shard-level CloudWatch metrics of both streams."
  type        = set(string)
  nullable    = false
  default = [
    "IncomingBytes",
    "IncomingRecords",
    "IteratorAgeMilliseconds",
    "OutgoingBytes",
    "OutgoingRecords",
    "ReadProvisionedThroughputExceeded",
    "WriteProvisionedThroughputExceeded",
  ]
}

variable "model_bucket" {
  description = "Name of the bucket of MLflow models, without the project_id suffix."
  type        = string
  default     = "store-sales-models"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,41}$", var.model_bucket))
    error_message = "model_bucket must be 2 to 42 lower-case letters, digits and hyphens (S3 allows 63 with the suffix)."
  }
}

variable "failed_events_bucket" {
  description = "Name of the bucket of failed events, without the project_id suffix."
  type        = string
  default     = "failed-events"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,41}$", var.failed_events_bucket))
    error_message = "failed_events_bucket must be 2 to 42 lower-case letters, digits and hyphens (S3 allows 63 with the suffix)."
  }

  validation {
    condition     = var.failed_events_bucket != var.model_bucket
    error_message = "failed_events_bucket equals model_bucket: the function may write to only one of them. Choose another name."
  }
}

variable "failed_events_expiration_days" {
  description = "Days after which failed events expire; null keeps them forever."
  type        = number
  default     = 90
}

variable "noncurrent_expiration_days" {
  description = "Days after which overwritten or deleted object versions are removed from both buckets; null keeps them."
  type        = number
  default     = 30
}

# Encryption with a key of the stage's own; docs/encryption.md says who may use it.

variable "kms_enabled" {
  description = "Whether to create a KMS key for the stage and encrypt streams, buckets, the function's log group and the ECR repository with it. false leaves the streams unencrypted at rest and the others to AWS's keys. An existing repository keeps its encryption."
  type        = bool
  default     = false
  nullable    = false
}

variable "kms_deletion_window_days" {
  description = "Days in which the deletion of the key can be cancelled, after a destroy or kms_enabled = false. Afterwards everything encrypted with it is lost."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.kms_deletion_window_days >= 7 && var.kms_deletion_window_days <= 30 && floor(var.kms_deletion_window_days) == var.kms_deletion_window_days
    error_message = "kms_deletion_window_days must be a whole number from 7 to 30."
  }
}
