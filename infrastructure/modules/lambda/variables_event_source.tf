# Event source mapping. Without defaults, so that the caller decides each setting and AWS none.

variable "event_source_enabled" {
  description = "Whether the mapping reads events from the source stream."
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
  description = "Number of times a failed batch is retried before it goes to the failed-events bucket."
  type        = number
  nullable    = false

  validation {
    condition     = var.maximum_retry_attempts >= 0 && var.maximum_retry_attempts <= 10000 && floor(var.maximum_retry_attempts) == var.maximum_retry_attempts
    error_message = "maximum_retry_attempts must be a whole number from 0 to 10000. Endless retries (-1) are refused: one bad batch would block its shard until its records expire."
  }
}

variable "maximum_record_age_seconds" {
  description = "Age at which a record that still fails goes to the failed-events bucket."
  type        = number
  nullable    = false

  validation {
    condition     = var.maximum_record_age_seconds >= 60 && var.maximum_record_age_seconds <= 604800 && floor(var.maximum_record_age_seconds) == var.maximum_record_age_seconds
    error_message = "maximum_record_age_seconds must be a whole number from 60 to 604800. No limit (-1) is refused: one bad record would block its shard until it expires."
  }
}

variable "bisect_batch_on_error" {
  description = "Whether to split a batch that crashes the function in two, to isolate the bad record."
  type        = bool
  nullable    = false
}

variable "event_count_metrics" {
  description = "Whether the mapping publishes its own metrics: events polled, invoked, discarded and delivered to the bucket. CloudWatch charges for each."
  type        = bool
  nullable    = false
}

variable "parallelization_factor" {
  description = "Number of batches processed at the same time per shard, in order within a partition key."
  type        = number
  nullable    = false

  validation {
    condition     = var.parallelization_factor >= 1 && var.parallelization_factor <= 10 && floor(var.parallelization_factor) == var.parallelization_factor
    error_message = "parallelization_factor must be a whole number from 1 to 10."
  }
}
