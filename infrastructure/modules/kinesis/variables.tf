variable "name" {
  description = "Name of the stream."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9_.-]{1,128}$", var.name))
    error_message = "name may hold 1 to 128 letters, digits, and the characters _ . -"
  }
}

variable "stream_mode" {
  description = "PROVISIONED: the stream has shard_count shards. ON_DEMAND: AWS adds and removes shards, and bills by volume."
  type        = string
  default     = "PROVISIONED"
  nullable    = false

  validation {
    condition     = contains(["PROVISIONED", "ON_DEMAND"], var.stream_mode)
    error_message = "stream_mode must be PROVISIONED or ON_DEMAND."
  }
}

variable "shard_count" {
  description = "Number of shards of a provisioned stream; each accepts 1 MiB or 1,000 records per second. Ignored on demand."
  type        = number
  default     = null

  validation {
    condition     = try(var.shard_count >= 1 && floor(var.shard_count) == var.shard_count, var.stream_mode == "ON_DEMAND")
    error_message = "shard_count must be a whole number of at least 1; only an ON_DEMAND stream needs none."
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
