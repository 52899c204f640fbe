variable "aws_region" {
  description = "where everything is made"
  default     = "eu-west-1"
}

variable "project_id" {}
variable "source_stream_name" {}
variable "output_stream_name" {}
variable "model_bucket" {}
variable "ecr_repo_name" {}
variable "lambda_function_name" {}
