# Nothing here is specific to LocalStack: `tflocal` writes the endpoints into an override file, and AWS_ENDPOINT_URL sets
# them for plain `terraform`.
provider "aws" {
  region              = var.aws_region
  allowed_account_ids = var.allowed_account_ids

  default_tags {
    tags = {
      Project   = "store-sales"
      Stage     = var.project_id
      ManagedBy = "terraform"
    }
  }
}
