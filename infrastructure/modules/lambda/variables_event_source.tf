# Event source mapping. No defaults: each setting is decided by the caller, none by AWS.

variable "event_source_enabled" {
  description = "Whether events are read from the source stream."
  type        = bool
  nullable    = false
}

variable "batch_size" {
  description = "Largest number of records in one invocation."
  type        = number
  nullable    = false

  validation {
    condition     = var.batch_size >= 1 && var.batch_size <= 10000 && floor(var.batch_size) == var.batch_size
    error_message = "batch_size must be a whole number from 1 to 10000."
  }
}

variable "batching_window_seconds" {
  description = "Seconds to wait for a batch to fill; 0 invokes as soon as there are records."
  type        = number
  nullable    = false

  validation {
    condition     = var.batching_window_seconds >= 0 && var.batching_window_seconds <= 300 && floor(var.batching_window_seconds) == var.batching_window_seconds
    error_message = "batching_window_seconds must be a whole number from 0 to 300."
  }
}

variable "maximum_retry_attempts" {
  description = "How often a failed batch is retried before it goes to the failed-events bucket."
  type        = number
  nullable    = false

  validation {
    condition     = var.maximum_retry_attempts >= 0 && var.maximum_retry_attempts <= 10000 && floor(var.maximum_retry_attempts) == var.maximum_retry_attempts
    error_message = "maximum_retry_attempts must be a whole number from 0 to 10000; endless retries (-1) would block the shard."
  }
}

variable "maximum_record_age_seconds" {
  description = "Age at which a record that still fails goes to the failed-events bucket."
  type        = number
  nullable    = false

  validation {
    condition     = var.maximum_record_age_seconds >= 60 && var.maximum_record_age_seconds <= 604800 && floor(var.maximum_record_age_seconds) == var.maximum_record_age_seconds
    error_message = "maximum_record_age_seconds must be a whole number from 60 to 604800; no limit (-1) would block the shard."
  }
}

variable "bisect_batch_on_error" {
  description = "Whether a batch that crashes the function is split in two, to isolate the bad record."
  type        = bool
  nullable    = false
}

variable "event_count_metrics" {
  description = "Whether the mapping counts what it reads, invokes, discards and delivers to the bucket; each of these metrics is paid for."
  type        = bool
  nullable    = false
}

variable "parallelization_factor" {
  description = "Batches of one shard that are processed at the same time, in order per partition key."
  type        = number
  nullable    = false

  validation {
    condition     = var.parallelization_factor >= 1 && var.parallelization_factor <= 10 && floor(var.parallelization_factor) == var.parallelization_factor
    error_message = "parallelization_factor must be a whole number from 1 to 10."
  }
}
