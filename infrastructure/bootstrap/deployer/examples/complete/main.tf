provider "aws" {
  region = "ap-south-1"
}

module "deployer" {
  source = "../.."

  project_id           = "stg"
  account_id           = "123456789012"
  aws_region           = "ap-south-1"
  state_bucket         = "example-tfstate-stg"
  state_key            = "store-sales/stg/terraform.tfstate"
  source_stream_name   = "sales-events"
  output_stream_name   = "sales-predictions"
  model_bucket         = "store-sales-models"
  failed_events_bucket = "store-sales-failed-events"
  ecr_repo_name        = "store_sales"
  lambda_function_name = "store_sales"
}

resource "aws_iam_role_policy" "deploy" {
  name   = "deploy"
  role   = "example-deployer"
  policy = module.deployer.deploy_policy
}
