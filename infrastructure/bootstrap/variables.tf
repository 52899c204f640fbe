variable "state_bucket" {
  description = "Name of the bucket for Terraform state, unique across AWS."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.state_bucket))
    error_message = "state_bucket must be 3 to 63 lower-case letters, digits and hyphens, for example \"store-sales-tfstate-stg\"."
  }
}

variable "aws_region" {
  description = "AWS region of the bucket."
  type        = string
  default     = "ap-south-1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.aws_region))
    error_message = "aws_region must be a region name such as \"ap-south-1\"."
  }
}

variable "allowed_account_ids" {
  description = "Ids of the AWS accounts the bucket may be created in; null allows any account."
  type        = list(string)
  default     = null

  validation {
    condition     = alltrue([for id in coalesce(var.allowed_account_ids, []) : can(regex("^[0-9]{12}$", id))])
    error_message = "allowed_account_ids must hold account ids of 12 digits, as strings."
  }
}

variable "noncurrent_expiration_days" {
  description = "Days after which old versions of the state are removed."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = var.noncurrent_expiration_days >= 30
    error_message = "noncurrent_expiration_days must be at least 30: old versions are the way back from a damaged state."
  }
}
