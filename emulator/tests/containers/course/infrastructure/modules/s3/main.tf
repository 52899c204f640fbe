variable "bucket_name" {}

resource "aws_s3_bucket" "models" {
  bucket        = var.bucket_name
  acl           = "private"
  force_destroy = true
}

# The same in the words of version 4 of the provider, which deprecated `acl`.
resource "aws_s3_bucket" "data" {
  bucket        = "${var.bucket_name}-data"
  force_destroy = true
}

resource "aws_s3_bucket_ownership_controls" "data" {
  bucket = aws_s3_bucket.data.id
  rule { object_ownership = "BucketOwnerPreferred" }
}

resource "aws_s3_bucket_acl" "data" {
  bucket     = aws_s3_bucket.data.id
  acl        = "private"
  depends_on = [aws_s3_bucket_ownership_controls.data]
}

output "name" { value = aws_s3_bucket.models.bucket }
