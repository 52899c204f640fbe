# Alarms and dashboard. The defaults suit a stage with two shards; docs/monitoring.md explains each alarm.

variable "monitoring_enabled" {
  description = "Whether to create alarms, a dashboard and the mapping's own metrics, for about 3 USD a month."
  type        = bool
  default     = true
  nullable    = false
}

variable "alarm_topic_arn" {
  description = "ARN of the SNS topic that alarms notify; null notifies nobody."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_topic_arn == null || can(regex("^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[a-zA-Z0-9_-]+$", var.alarm_topic_arn))
    error_message = "alarm_topic_arn must be the ARN of an SNS topic, for example \"arn:aws:sns:ap-south-1:123456789012:alarms\", or null."
  }
}

variable "alarm_iterator_age_seconds" {
  description = "Age of the oldest event passed to the function, in seconds, in three of five minutes. 300: a batch and its three retries take far less, and nearly all of the retention is left to fix the cause."
  type        = number
  default     = 300
  nullable    = false

  validation {
    condition     = var.alarm_iterator_age_seconds >= 1 && var.alarm_iterator_age_seconds < var.maximum_record_age_seconds
    error_message = "alarm_iterator_age_seconds must be at least 1, and less than maximum_record_age_seconds (${var.maximum_record_age_seconds}): events of that age are already discarded."
  }
}

variable "alarm_errors" {
  description = "Invocations that crash or time out within five minutes. 5: a batch that fails with all its retries makes four, and a crash that a retry fixes makes one."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.alarm_errors >= 1 && floor(var.alarm_errors) == var.alarm_errors
    error_message = "alarm_errors must be a whole number of at least 1."
  }
}

variable "alarm_throttles" {
  description = "Invocations that Lambda refuses per minute, in three of five minutes. 1: the mapping needs only one invocation at a time per shard, and does not even get that. It waits and loses nothing."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.alarm_throttles >= 1 && floor(var.alarm_throttles) == var.alarm_throttles
    error_message = "alarm_throttles must be a whole number of at least 1."
  }
}

variable "alarm_duration_percent" {
  description = "Longest invocation in percent of the timeout, in three of five minutes. 80: then the handler stops writing (it keeps 20 % to report), and a little more load leads to timeouts."
  type        = number
  default     = 80
  nullable    = false

  validation {
    condition     = var.alarm_duration_percent >= 1 && var.alarm_duration_percent <= 100
    error_message = "alarm_duration_percent must be from 1 to 100."
  }
}

variable "alarm_failed_events" {
  description = "Invalid events, or events the mapping has discarded, within five minutes. 1: only `make redrive` brings them back, and they expire after failed_events_expiration_days."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.alarm_failed_events >= 1 && floor(var.alarm_failed_events) == var.alarm_failed_events
    error_message = "alarm_failed_events must be a whole number of at least 1."
  }
}

variable "alarm_output_throttled_records" {
  description = "Predictions that the output stream refuses per minute, in three of five minutes. 1: the function sends them again, so short bursts do no harm; if it lasts for minutes, the stream needs more shards."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.alarm_output_throttled_records >= 1 && floor(var.alarm_output_throttled_records) == var.alarm_output_throttled_records
    error_message = "alarm_output_throttled_records must be a whole number of at least 1."
  }
}
