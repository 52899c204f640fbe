# Makes the bucket that keeps the Terraform state of a stage. Once per stage, before its first `terraform init`:
#
#   cd infrastructure/bootstrap
#   terraform init
#   terraform apply -var state_bucket=store-sales-tfstate-stg
#
# With -var-file=../vars/stg.tfvars -var github_repository=owner/name it makes the roles by which GitHub Actions plans and
# deploys the stage, too (oidc.tf); Terraform warns of the file's other variables, which are not used here.
#
# The bucket's name, key and region go into ../vars/<stage>.s3.tfbackend.
#
# This folder's own state stays on the machine (terraform.tfstate, which git ignores): it cannot be in a bucket that it
# has yet to make. It holds one bucket, two roles at most, and no secret; lost, it is made anew
# with `terraform import` of each (module.state_bucket.aws_s3_bucket.this <name>, …) and an apply.
terraform {
  required_version = ">= 1.11.0, < 2.0.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}
