# The key of one stage: for streams, buckets, the function's log group and images. iam.tf says who may use it.

resource "aws_kms_key" "this" {
  description             = "Data of ${var.name}."
  enable_key_rotation     = true
  deletion_window_in_days = var.deletion_window_days
  policy                  = data.aws_iam_policy_document.key.json

  # Destroyed after everything that uses it has changed: otherwise Kinesis refuses reads and writes in between.
  lifecycle {
    create_before_destroy = true
  }
}

# A readable name: key ids say nothing.
resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this.key_id
}
