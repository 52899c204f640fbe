variable "name" {
  description = "Alias of the key, without the prefix alias/."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9/_-]{1,250}$", var.name)) && !startswith(var.name, "aws/")
    error_message = "name may hold 1 to 250 letters, digits and the characters / _ - and may not start with aws/."
  }
}

variable "log_group_name" {
  description = "Name of the log group in this account and region that CloudWatch Logs may encrypt."
  type        = string
  nullable    = false
}

variable "deletion_window_days" {
  description = "Days in which the deletion of the key can be cancelled; afterwards everything encrypted with it is lost."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.deletion_window_days >= 7 && var.deletion_window_days <= 30 && floor(var.deletion_window_days) == var.deletion_window_days
    error_message = "deletion_window_days must be a whole number from 7 to 30."
  }
}
