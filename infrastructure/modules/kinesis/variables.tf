variable "name" {
  description = "Name of the stream."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9_.-]{1,128}$", var.name))
    error_message = "name may hold 1 to 128 letters, digits, and the characters _ . -"
  }
}

variable "shard_count" {
  description = "Number of shards; each accepts 1 MiB or 1,000 records per second."
  type        = number
  nullable    = false

  validation {
    condition     = var.shard_count >= 1 && floor(var.shard_count) == var.shard_count
    error_message = "shard_count must be a whole number of at least 1."
  }
}

variable "retention_hours" {
  description = "Hours to keep a record."
  type        = number
  nullable    = false

  validation {
    condition     = var.retention_hours >= 24 && var.retention_hours <= 8760 && floor(var.retention_hours) == var.retention_hours
    error_message = "retention_hours must be a whole number from 24 to 8760."
  }
}

variable "shard_level_metrics" {
  description = "Shard-level CloudWatch metrics to publish."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    # Not ALL: AWS stores it as the seven names, and every later plan would show a change.
    condition = alltrue([for metric in var.shard_level_metrics : contains([
      "IncomingBytes",
      "IncomingRecords",
      "IteratorAgeMilliseconds",
      "OutgoingBytes",
      "OutgoingRecords",
      "ReadProvisionedThroughputExceeded",
      "WriteProvisionedThroughputExceeded",
    ], metric)])
    error_message = "shard_level_metrics may hold IncomingBytes, IncomingRecords, IteratorAgeMilliseconds, OutgoingBytes, OutgoingRecords, ReadProvisionedThroughputExceeded and WriteProvisionedThroughputExceeded."
  }
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts records at rest; null does not encrypt them."
  type        = string
  default     = null
}
