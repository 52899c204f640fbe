terraform {
  required_version = ">= 1.0"
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.0" }
  }
  backend "s3" {
    bucket  = "tf-state-of-the-rides"
    key     = "rides-stg.tfstate"
    region  = "eu-west-1"
    encrypt = true
  }
}

provider "aws" {
  region = var.aws_region
}

data "aws_caller_identity" "current" {}

module "source_stream" {
  source           = "./modules/kinesis"
  stream_name      = "${var.source_stream_name}-${var.project_id}"
  retention_period = 48
  shard_count      = 2
  tags             = var.project_id
}

module "output_stream" {
  source           = "./modules/kinesis"
  stream_name      = "${var.output_stream_name}-${var.project_id}"
  retention_period = 48
  shard_count      = 2
  tags             = var.project_id
}

module "bucket" {
  source      = "./modules/s3"
  bucket_name = "${var.model_bucket}-${var.project_id}"
}

module "image" {
  source         = "./modules/ecr"
  repository     = "${var.ecr_repo_name}_${var.project_id}"
  account_id     = data.aws_caller_identity.current.account_id
  region         = var.aws_region
  function_files = ["../lambda_function.py", "../model.py", "../Dockerfile", "../Pipfile.lock"]
}

module "function" {
  source             = "./modules/lambda"
  function_name      = "${var.lambda_function_name}_${var.project_id}"
  image_uri          = module.image.image_uri
  model_bucket       = module.bucket.name
  source_stream_name = module.source_stream.name
  source_stream_arn  = module.source_stream.arn
  output_stream_name = module.output_stream.name
  output_stream_arn  = module.output_stream.arn
}
