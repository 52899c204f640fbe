resource "aws_kinesis_stream" "this" {
  name                = var.name
  shard_count         = var.shard_count
  retention_period    = var.retention_hours
  shard_level_metrics = var.shard_level_metrics

  stream_mode_details {
    stream_mode = "PROVISIONED"
  }
}
