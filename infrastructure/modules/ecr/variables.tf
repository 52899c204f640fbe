variable "name" {
  description = "Name of the repository."
  type        = string
  nullable    = false

  validation {
    # "__" and "-…-" are allowed by ECR too (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html).
    condition     = can(regex("^[a-z0-9]+((\\.|_|__|-+|/)[a-z0-9]+)*$", var.name)) && length(var.name) >= 2 && length(var.name) <= 256
    error_message = "name must be 2 to 256 lower-case letters and digits, separated by the characters . _ - and /."
  }
}

variable "function_name" {
  description = "Name of the Lambda function in this account and region that may pull the images."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9_-]{1,64}$", var.function_name))
    error_message = "function_name may hold 1 to 64 letters, digits, hyphens and underscores."
  }
}

variable "keep_images" {
  description = "Number of images to keep; older ones expire."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.keep_images >= 2 && floor(var.keep_images) == var.keep_images
    error_message = "keep_images must be a whole number of at least 2: the current image and the one to roll back to."
  }
}

variable "untagged_expiration_days" {
  description = "Days after which untagged images expire."
  type        = number
  default     = 14
  nullable    = false

  validation {
    condition     = var.untagged_expiration_days >= 1 && floor(var.untagged_expiration_days) == var.untagged_expiration_days
    error_message = "untagged_expiration_days must be a whole number of at least 1."
  }
}

variable "force_delete" {
  description = "Whether `terraform destroy` may delete the repository while it holds images."
  type        = bool
  default     = false
  nullable    = false
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts the images of a new repository; null uses ECR's own key (AES256)."
  type        = string
  default     = null
}

# The image; see ./build. These count only with a build context.

variable "build_context" {
  description = "Folder to build the image from; null builds no image."
  type        = string
  default     = null
}

variable "dockerfile" {
  description = "Path of the Dockerfile; required with a build context."
  type        = string
  default     = null
}

variable "architecture" {
  description = "Instruction set of the image: x86_64 or arm64."
  type        = string
  default     = "x86_64"
  nullable    = false
}

variable "build_args" {
  description = "Build arguments of the Dockerfile. Not for secrets: they stay readable in the image."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "container_engine" {
  description = "Engine that builds and pushes the image: docker or podman."
  type        = string
  default     = "docker"
  nullable    = false
}

variable "password_command" {
  description = "Shell command that prints the registry's password for the user AWS; null uses the AWS CLI."
  type        = string
  default     = null
}
