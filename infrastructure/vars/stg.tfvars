project_id = "stg"
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

lambda_package_type        = "Image"
lambda_function_local_path = "../service"
docker_image_local_path    = "../service/Dockerfile"

# A staging stack may be torn down with what it holds.
force_destroy         = true
log_retention_in_days = 14
