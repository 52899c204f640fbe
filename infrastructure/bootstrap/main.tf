module "state_bucket" {
  source = "../modules/s3"

  name                       = var.state_bucket
  noncurrent_expiration_days = var.noncurrent_expiration_days
  force_destroy              = false
}

# Terraform refuses every plan that would destroy or replace the bucket. prevent_destroy must be a literal, and other buckets
# of the module must be destroyable, so it is on a resource that is replaced whenever the bucket is.
resource "terraform_data" "state_bucket_guard" {
  triggers_replace = module.state_bucket.arn

  lifecycle {
    prevent_destroy = true
  }
}
