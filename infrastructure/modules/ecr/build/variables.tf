variable "context" {
  description = "Folder to build the image from."
  type        = string
  nullable    = false

  validation {
    condition     = var.context != ""
    error_message = "context must name a folder."
  }
}

variable "dockerfile" {
  description = "Path of the Dockerfile."
  type        = string
  nullable    = false
}

variable "repository_url" {
  description = "URL of the repository to push the image to."
  type        = string
  nullable    = false
}

variable "region" {
  description = "AWS region of the repository."
  type        = string
  nullable    = false
}

variable "architecture" {
  description = "Instruction set of the image: x86_64 or arm64."
  type        = string
  default     = "x86_64"
  nullable    = false

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture must be \"x86_64\" or \"arm64\"."
  }
}

variable "build_args" {
  description = "Build arguments of the Dockerfile. Not for secrets: they stay readable in the image."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    # build.sh reads one argument per line.
    condition = alltrue([
      for name, value in var.build_args :
      can(regex("^[a-zA-Z_][a-zA-Z0-9_]*$", name)) && try(!can(regex("[\\r\\n]", value)), false)
    ])
    error_message = "build_args must have names of letters, digits and underscores, and single-line values."
  }
}

variable "container_engine" {
  description = "Engine that builds and pushes the image: docker or podman."
  type        = string
  default     = "docker"
  nullable    = false

  validation {
    condition     = contains(["docker", "podman"], var.container_engine)
    error_message = "container_engine must be \"docker\" or \"podman\"."
  }
}

variable "password_command" {
  description = "Shell command that prints the registry's password for the user AWS; null uses the AWS CLI."
  type        = string
  default     = null

  validation {
    condition     = var.password_command == null || try(trimspace(var.password_command) != "", false)
    error_message = "password_command must be a command, or null to use the AWS CLI."
  }
}
