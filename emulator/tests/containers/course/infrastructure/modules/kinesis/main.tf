variable "stream_name" {}
variable "shard_count" { type = number }
variable "retention_period" { type = number }
variable "tags" {}

resource "aws_kinesis_stream" "stream" {
  name                = var.stream_name
  shard_count         = var.shard_count
  retention_period    = var.retention_period
  shard_level_metrics = ["IncomingBytes", "OutgoingBytes", "OutgoingRecords", "IteratorAgeMilliseconds"]
  tags                = { CreatedBy = var.tags }
}

output "name" { value = aws_kinesis_stream.stream.name }
output "arn" { value = aws_kinesis_stream.stream.arn }
