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

# `terraform apply` builds the image with docker (or container_engine = "podman") whenever the service changed, pushes it
# and deploys it by digest. With -var image_uri=<repository>@sha256:… it builds nothing and deploys that image: one that a
# CI system pushed, or an earlier one to roll back to. A CI system that pushes before the first whole apply needs the
# repository alone: terraform apply -var-file=vars/stg.tfvars '-target=module.ecr[0].aws_ecr_repository.this'
lambda_package_type        = "Image"
lambda_function_local_path = "../service"
docker_image_local_path    = "../service/Dockerfile"

# A staging stack may be torn down with what it holds.
force_destroy         = true
log_retention_in_days = 14

# As in production: a KMS key of the stage's own, for about 1 USD a month.
kms_enabled = true

# The SNS topic that is told of alarms; without it they only show in CloudWatch. Thresholds: variables_monitoring.tf.
# alarm_topic_arn = "arn:aws:sns:ap-south-1:123456789012:store-sales-alarms"
