# Encryption with a key of the stage's own; docs/security.md says who may use it.

variable "kms_enabled" {
  description = "Whether streams, buckets, the function's log group and the ECR repository are encrypted with a KMS key of the stage's own, which is made; false leaves streams without encryption at rest, and the others to AWS's keys. A repository that exists keeps what it was made with."
  type        = bool
  default     = false
  nullable    = false
}

variable "kms_deletion_window_days" {
  description = "Days in which the deletion of the key can be taken back, after a destroy or kms_enabled = false; what it encrypted is lost afterwards."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.kms_deletion_window_days >= 7 && var.kms_deletion_window_days <= 30 && floor(var.kms_deletion_window_days) == var.kms_deletion_window_days
    error_message = "kms_deletion_window_days must be a whole number from 7 to 30."
  }
}
