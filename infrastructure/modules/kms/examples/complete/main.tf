provider "aws" {
  region = "ap-south-1"
}

module "key" {
  source = "../.."

  name           = "example"
  log_group_name = "/aws/lambda/example"
}

module "events" {
  source = "../../../kinesis"

  name            = "example-events"
  shard_count     = 1
  retention_hours = 24
  kms_key_arn     = module.key.arn
}

output "key_alias" {
  description = "Alias of the key."
  value       = module.key.alias
}
