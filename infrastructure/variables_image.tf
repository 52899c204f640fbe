# Repository and image of the function. They count when lambda_package_type is Image.

variable "ecr_repo_name" {
  description = "Name of the ECR repository, without the project_id suffix; created when lambda_package_type is Image."
  type        = string
  default     = "store_sales"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]+([._/-][a-z0-9]+)*$", var.ecr_repo_name))
    error_message = "ecr_repo_name may hold lower-case letters and digits, separated by single . _ - or / characters."
  }
}

variable "ecr_keep_images" {
  description = "Number of images the repository keeps; older ones expire."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.ecr_keep_images >= 2
    error_message = "ecr_keep_images must be at least 2: the current image and the one to roll back to."
  }
}

variable "image_uri" {
  description = "Image of the function in ECR, preferably by digest: one built elsewhere, or an earlier one to roll back to. null builds it from lambda_function_local_path whenever that changes, and pushes it to the stage's own repository."
  type        = string
  default     = null

  validation {
    condition     = var.image_uri == null || can(regex("^[^\\s/:]+(:[0-9]+)?/[^\\s@]+(:[\\w.-]+|@sha256:[0-9a-f]{64})$", var.image_uri))
    error_message = "image_uri must name registry, repository, and a tag or digest: <registry>/<repository>@sha256:<64 hex digits>."
  }
}

variable "lambda_function_local_path" {
  description = "Folder of the service, the build context of the image, relative to this folder. A change of a file that its .dockerignore includes builds a new image."
  type        = string
  default     = "../service"
  nullable    = false

  validation {
    condition     = var.lambda_function_local_path != ""
    error_message = "lambda_function_local_path must be the folder of the service, for example \"../service\"."
  }
}

variable "docker_image_local_path" {
  description = "Dockerfile of the image, relative to this folder."
  type        = string
  default     = "../service/Dockerfile"
  nullable    = false
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

variable "image_build_args" {
  description = "Build arguments of the Dockerfile, for example { BASE_IMAGE = \"…\" }. Not for secrets: they stay readable in the image."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = alltrue([
      for name, value in var.image_build_args :
      can(regex("^[a-zA-Z_][a-zA-Z0-9_]*$", name)) && try(!can(regex("[\\r\\n]", value)), false)
    ])
    error_message = "image_build_args must have names of letters, digits and underscores, and single-line values."
  }
}

variable "ecr_password_command" {
  description = "Shell command that prints the registry's password for the user AWS; null is `aws ecr get-login-password --region <aws_region>`."
  type        = string
  default     = null

  validation {
    condition     = var.ecr_password_command == null || try(trimspace(var.ecr_password_command) != "", false)
    error_message = "ecr_password_command must be a command, or null to use the AWS CLI."
  }
}
