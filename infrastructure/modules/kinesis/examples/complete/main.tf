provider "aws" {
  region = "ap-south-1"
}

module "events" {
  source = "../.."

  name                = "example-events"
  shard_count         = 2
  retention_hours     = 48
  shard_level_metrics = ["IncomingRecords", "IteratorAgeMilliseconds"]
}

output "stream_arn" {
  description = "ARN of the stream."
  value       = module.events.arn
}
