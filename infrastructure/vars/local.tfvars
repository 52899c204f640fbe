# LocalStack on this machine: tflocal plan -var-file=vars/local.tfvars -var run_id=<MLflow run id>
# `make local-up` sets run_id and more. Without run_id a plan disables the mapping. If the running stack's function is an
# image (RUNTIME=docker), the plan is refused: add -var lambda_package_type=Image.
project_id = "local"
aws_region = "ap-south-1"

# LocalStack's account. Plain `terraform` with real credentials refuses this file.
allowed_account_ids = ["000000000000"]

source_stream_name   = "sales-events"
output_stream_name   = "sales-predictions"
model_bucket         = "store-sales-models"
failed_events_bucket = "store-sales-failed-events"
ecr_repo_name        = "store_sales"
lambda_function_name = "store_sales"

lambda_package_type = "Zip"
lambda_zip_path     = "../.cache/function/function.zip"

lambda_function_local_path = "../service"
docker_image_local_path    = "../service/Dockerfile"

# Nothing here is worth keeping.
force_destroy         = true
log_retention_in_days = 1

# No lifecycle rules: the provider watches new ones for 55 s, and nothing here lives long enough to expire.
failed_events_expiration_days = null
noncurrent_expiration_days    = null
