# Deployment from GitHub Actions. The names of the stage's resources come from its tfvars file:
# terraform apply -var-file=../vars/stg.tfvars -var state_bucket=… -var github_repository=owner/name

variable "github_repository" {
  description = "Repository whose workflows may plan and deploy, as owner/name; null creates no roles."
  type        = string
  default     = null

  validation {
    condition     = var.github_repository == null || can(regex("^[a-zA-Z0-9-]+/[a-zA-Z0-9._-]+$", var.github_repository))
    error_message = "github_repository must be owner/name, without wildcards, for example \"my-company/store-sales\"."
  }

  validation {
    condition     = var.github_repository == null || var.project_id != null
    error_message = "github_repository needs project_id, the stage to deploy: add -var-file=../vars/stg.tfvars."
  }
}

variable "github_environments" {
  description = "GitHub environments whose jobs may deploy; null is the one named after the stage. The environment's settings decide who must approve."
  type        = list(string)
  default     = null

  validation {
    condition     = alltrue([for name in coalesce(var.github_environments, ["any"]) : can(regex("^[a-zA-Z0-9_.-]+$", name))])
    error_message = "github_environments must hold names of letters, digits and the characters _ . -"
  }

  validation {
    condition     = length(coalesce(var.github_environments, ["any"])) > 0
    error_message = "github_environments must not be empty: no job could deploy. null is the environment named after the stage."
  }
}

variable "github_branches" {
  description = "Branches whose jobs may plan, in addition to pull requests."
  type        = list(string)
  default     = ["main"]
  nullable    = false

  validation {
    condition     = alltrue([for name in var.github_branches : can(regex("^[a-zA-Z0-9_./-]+$", name))])
    error_message = "github_branches must hold branch names, without wildcards."
  }
}

variable "github_oidc_provider_arn" {
  description = "ARN of the account's OIDC provider for GitHub Actions, if it exists already; null creates it."
  type        = string
  default     = null

  validation {
    condition     = var.github_oidc_provider_arn == null || can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/token\\.actions\\.githubusercontent\\.com$", var.github_oidc_provider_arn))
    error_message = "github_oidc_provider_arn must be the ARN of the provider token.actions.githubusercontent.com; `aws iam list-open-id-connect-providers` lists it."
  }
}

variable "project_id" {
  description = "Stage, the suffix of every resource name."
  type        = string
  default     = null

  validation {
    condition     = var.project_id == null || can(regex("^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$", var.project_id))
    error_message = "project_id must be the stage's, for example \"stg\"."
  }
}

variable "state_key" {
  description = "Key of the stage's state, as in ../vars/<stage>.s3.tfbackend; null is store-sales/<project_id>/terraform.tfstate."
  type        = string
  default     = null
}

variable "source_stream_name" {
  description = "As in the root."
  type        = string
  default     = "sales-events"
  nullable    = false
}

variable "output_stream_name" {
  description = "As in the root."
  type        = string
  default     = "sales-predictions"
  nullable    = false
}

variable "model_bucket" {
  description = "As in the root."
  type        = string
  default     = "store-sales-models"
  nullable    = false
}

variable "failed_events_bucket" {
  description = "As in the root."
  type        = string
  default     = "failed-events"
  nullable    = false
}

variable "ecr_repo_name" {
  description = "As in the root."
  type        = string
  default     = "store_sales"
  nullable    = false
}

variable "lambda_function_name" {
  description = "As in the root."
  type        = string
  default     = "store_sales"
  nullable    = false
}
