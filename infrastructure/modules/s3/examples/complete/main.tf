provider "aws" {
  region = "ap-south-1"
}

module "failed_events" {
  source = "../.."

  name                       = "example-failed-events"
  expiration_days            = 90
  noncurrent_expiration_days = 30
}

output "bucket_arn" {
  description = "ARN of the bucket."
  value       = module.failed_events.arn
}
