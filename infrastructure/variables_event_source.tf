# Event source mapping: how batches are read, retried and discarded.

variable "batch_size" {
  description = "Largest number of records in one invocation."
  type        = number
  default     = 100
  nullable    = false
}

variable "batching_window_seconds" {
  description = "Seconds to wait for a batch to fill; 0 invokes as soon as there are records."
  type        = number
  default     = 0
  nullable    = false
}

variable "maximum_retry_attempts" {
  description = "Number of times a failed batch is retried before it goes to the failed-events bucket."
  type        = number
  default     = 3
  nullable    = false
}

variable "maximum_record_age_seconds" {
  description = "Age at which a record that still fails goes to the failed-events bucket. Must be less than the stream's retention."
  type        = number
  default     = 86400
  nullable    = false

  validation {
    condition     = var.maximum_record_age_seconds >= 60 && floor(var.maximum_record_age_seconds) == var.maximum_record_age_seconds && var.maximum_record_age_seconds < var.stream_retention_hours * 3600
    error_message = "maximum_record_age_seconds must be a whole number of at least 60, and less than the retention of the stream (${var.stream_retention_hours * 3600} s): a record that expires first would be lost instead of kept as failed."
  }
}

variable "bisect_batch_on_error" {
  description = "Whether to split a batch that crashes the function in two, to isolate the bad record."
  type        = bool
  default     = true
  nullable    = false
}

variable "parallelization_factor" {
  description = "Number of batches processed at the same time per shard, in order within a partition key."
  type        = number
  default     = 1
  nullable    = false
}
