module "state_bucket" {
  source = "../modules/s3"

  name                       = var.state_bucket
  noncurrent_expiration_days = var.noncurrent_expiration_days
  force_destroy              = false
}

# Terraform refuses every plan that would destroy or replace the bucket. prevent_destroy must be written out where it
# holds, and the module's other buckets are to be destroyable: so it is on a resource that lives and dies with the bucket.
resource "terraform_data" "state_bucket_guard" {
  triggers_replace = module.state_bucket.arn

  lifecycle {
    prevent_destroy = true
  }
}
