# Bucket, key and region come from a backend file: terraform init -backend-config=vars/<stage>.s3.tfbackend
# The block must not be empty, or tflocal does not see that there is a backend to point at LocalStack.
terraform {
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}
