project_id = "prod"
aws_region = "ap-south-1"

# The accounts this stage may be applied to; any other is refused before anything is changed.
# allowed_account_ids = ["123456789012"]

source_stream_name   = "sales-events"
output_stream_name   = "sales-predictions"
ecr_repo_name        = "store_sales"
lambda_function_name = "store_sales"

# Bucket names are unique in all of AWS: choose your own.
model_bucket         = "store-sales-models"
failed_events_bucket = "store-sales-failed-events"

# The function runs <output ecr_repository_url>:<image_tag>. Terraform plans with it as it is; for now the image is built
# and pushed by hand, before the first whole apply: terraform apply -target=module.ecr -var-file=vars/prod.tfvars makes the
# repository. Tags cannot be overwritten: give each new image its own, here or with -var image_tag=….
lambda_package_type        = "Image"
image_tag                  = "v1"
lambda_function_local_path = "../service"
docker_image_local_path    = "../service/Dockerfile"

# `terraform destroy` stops at buckets and repositories that still hold something.
force_destroy         = false
log_retention_in_days = 90
