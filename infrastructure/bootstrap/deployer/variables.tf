# The names are the values of the root's variables, without the project_id suffix.

variable "project_id" {
  description = "Stage, the suffix of every resource name."
  type        = string
  nullable    = false
}

variable "account_id" {
  description = "AWS account of the stage."
  type        = string
  nullable    = false
}

variable "partition" {
  description = "AWS partition: aws, aws-cn or aws-us-gov."
  type        = string
  default     = "aws"
  nullable    = false
}

variable "aws_region" {
  description = "AWS region of the stage."
  type        = string
  nullable    = false
}

variable "state_bucket" {
  description = "Name of the bucket with the Terraform state."
  type        = string
  nullable    = false
}

variable "state_key" {
  description = "Key of the stage's state in the bucket."
  type        = string
  nullable    = false
}

variable "source_stream_name" {
  description = "Name of the stream of sales events."
  type        = string
  nullable    = false
}

variable "output_stream_name" {
  description = "Name of the stream of predictions."
  type        = string
  nullable    = false
}

variable "model_bucket" {
  description = "Name of the bucket of models."
  type        = string
  nullable    = false
}

variable "failed_events_bucket" {
  description = "Name of the bucket of failed events."
  type        = string
  nullable    = false
}

variable "ecr_repo_name" {
  description = "Name of the ECR repository."
  type        = string
  nullable    = false
}

variable "lambda_function_name" {
  description = "Name of the function."
  type        = string
  nullable    = false
}
