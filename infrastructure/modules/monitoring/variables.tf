variable "function_name" {
  description = "Name of the function; the names of the alarms start with it."
  type        = string
  nullable    = false
}

variable "timeout_seconds" {
  description = "Timeout of the function."
  type        = number
  nullable    = false
}

variable "log_group_name" {
  description = "Name of the log group of the function."
  type        = string
  nullable    = false
}

variable "event_source_mapping_id" {
  description = "UUID of the event source mapping; its EventCount metrics must be on."
  type        = string
  nullable    = false
}

variable "source_stream_name" {
  description = "Name of the stream of events."
  type        = string
  nullable    = false
}

variable "output_stream_name" {
  description = "Name of the stream of predictions."
  type        = string
  nullable    = false
}

variable "aws_region" {
  description = "AWS region that the dashboard shows."
  type        = string
  nullable    = false
}

variable "alarm_topic_arn" {
  description = "ARN of the SNS topic notified when an alarm goes off and when it ends; null notifies nobody."
  type        = string
  default     = null
}

variable "thresholds" {
  description = "Thresholds of the alarms. Without defaults, so that the caller decides each."
  type = object({
    iterator_age_seconds     = number
    errors                   = number
    throttles                = number
    duration_percent         = number
    failed_events            = number
    output_throttled_records = number
  })
  nullable = false
}
