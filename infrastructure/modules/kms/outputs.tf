output "arn" {
  description = "ARN of the key."
  value       = format("%s", aws_kms_key.this.arn) # formatted: Terraform then knows before the apply that it is not null
}

output "alias" {
  description = "Alias of the key."
  value       = aws_kms_alias.this.name
}

output "settings" {
  description = "Settings in force, read back from the key."
  value = {
    rotated              = aws_kms_key.this.enable_key_rotation
    deletion_window_days = aws_kms_key.this.deletion_window_in_days
  }
}
