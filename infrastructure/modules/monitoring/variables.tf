variable "function_name" {
  description = "Name of the function; the alarms' names begin with it."
  type        = string
  nullable    = false
}

variable "timeout_seconds" {
  description = "The function's timeout."
  type        = number
  nullable    = false
}

variable "log_group_name" {
  description = "Name of the function's log group."
  type        = string
  nullable    = false
}

variable "event_source_mapping_id" {
  description = "UUID of the event source mapping, whose EventCount metrics must be on."
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
  description = "Region the dashboard shows."
  type        = string
  nullable    = false
}

variable "alarm_topic_arn" {
  description = "SNS topic that is told when an alarm goes off and when it ends; null tells nobody."
  type        = string
  default     = null
}

variable "thresholds" {
  description = "When alarms go off. No defaults: each is decided by the caller."
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
