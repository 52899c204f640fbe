# Creates the bucket for a stage's Terraform state. Run it once per stage, before the stage's first `terraform init`:
#
#   cd infrastructure/bootstrap
#   terraform init
#   terraform apply -var state_bucket=store-sales-tfstate-stg
#
# With -var-file=../vars/stg.tfvars -var github_repository=owner/name it also creates the roles with which GitHub Actions
# plans and deploys the stage (oidc.tf). Terraform warns about the file's other variables, which are not used here.
#
# Write the bucket's name and region and the state's key to ../vars/<stage>.s3.tfbackend.
#
# The state of this folder stays on the machine (terraform.tfstate, which git ignores), because its bucket does not exist
# yet. It holds one bucket, at most two roles, and no secrets. If you lose it, restore it with `terraform import`
# (module.state_bucket.aws_s3_bucket.this <name>, …) and an apply.
terraform {
  required_version = ">= 1.11.0, < 2.0.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}
