project_id = "prod"
aws_region = "ap-south-1"

# The accounts this stage may be applied to. Terraform refuses any other before it changes anything.
# allowed_account_ids = ["123456789012"]

source_stream_name   = "sales-events"
output_stream_name   = "sales-predictions"
ecr_repo_name        = "store_sales"
lambda_function_name = "store_sales"

# PROVISIONED with shard_count shards, or ON_DEMAND: docs/scaling.md. `pipeline capacity RATE=... STAGE=prod` computes the shards.
stream_mode = "PROVISIONED"
shard_count = 2

# Bucket names are unique across AWS: choose your own.
model_bucket         = "store-sales-models"
failed_events_bucket = "store-sales-failed-events"

# `terraform apply` builds the image with docker (or container_engine = "podman") whenever the service changes, pushes it
# and deploys it by digest. -var image_uri=<repository>@sha256:… deploys an existing image instead: one that a CI system
# pushed, or an earlier one to roll back to. If a CI system pushes before the first full apply, create only the repository:
# terraform apply -var-file=vars/prod.tfvars '-target=module.ecr[0].aws_ecr_repository.this'
lambda_package_type        = "Image"
lambda_function_local_path = "../service"
docker_image_local_path    = "../service/Dockerfile"

# `terraform destroy` stops at buckets and repositories that are not empty.
force_destroy         = false
log_retention_in_days = 90

# A KMS key for the stage's streams, buckets, logs and images: docs/encryption.md.
kms_enabled = true

# The SNS topic that alarms notify; without it they only show in CloudWatch. Thresholds: variables_monitoring.tf.
# alarm_topic_arn = "arn:aws:sns:ap-south-1:123456789012:store-sales-alarms"
