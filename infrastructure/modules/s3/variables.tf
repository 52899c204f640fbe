variable "name" {
  description = "Name of the bucket, unique across AWS."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends."
  }
}

variable "expiration_days" {
  description = "Days after which objects expire; null keeps them."
  type        = number
  default     = null

  validation {
    condition     = var.expiration_days == null || try(var.expiration_days >= 1, false)
    error_message = "expiration_days must be at least 1, or null to keep objects."
  }
}

variable "noncurrent_expiration_days" {
  description = "Days after which overwritten or deleted versions are removed; null keeps them."
  type        = number
  default     = null

  validation {
    condition     = var.noncurrent_expiration_days == null || try(var.noncurrent_expiration_days >= 1, false)
    error_message = "noncurrent_expiration_days must be at least 1, or null to keep old versions."
  }
}

variable "force_destroy" {
  description = "Whether `terraform destroy` may delete the bucket while it holds objects."
  type        = bool
  default     = false
  nullable    = false
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts new objects; null uses S3's own key (AES256)."
  type        = string
  default     = null
}
