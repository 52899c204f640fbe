output "name" {
  description = "Name of the stream."
  value       = aws_kinesis_stream.this.name
}

output "arn" {
  description = "ARN of the stream."
  value       = aws_kinesis_stream.this.arn
}

output "settings" {
  description = "Settings in force, read back from the stream."
  value = {
    shard_count         = aws_kinesis_stream.this.shard_count
    retention_hours     = aws_kinesis_stream.this.retention_period
    shard_level_metrics = aws_kinesis_stream.this.shard_level_metrics
    kms_key_arn         = aws_kinesis_stream.this.kms_key_id
    stream_mode         = aws_kinesis_stream.this.stream_mode_details[0].stream_mode
  }
}
