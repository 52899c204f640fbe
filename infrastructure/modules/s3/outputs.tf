output "name" {
  description = "Name of the bucket."
  value       = aws_s3_bucket.this.bucket
}

output "arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.this.arn
}

output "settings" {
  description = "Settings in force, read back from the bucket and its lifecycle rule."
  value = {
    force_destroy              = aws_s3_bucket.this.force_destroy
    expiration_days            = try(aws_s3_bucket_lifecycle_configuration.this[0].rule[0].expiration[0].days, null)
    kms_key_arn                = one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].kms_master_key_id
    noncurrent_expiration_days = try(aws_s3_bucket_lifecycle_configuration.this[0].rule[0].noncurrent_version_expiration[0].noncurrent_days, null)
  }
}
