# Module s3: the bucket policy. As in lambda_policies.tftest.hcl, the real provider computes the document, every
# resource is overridden, and there is no network call.

provider "aws" {
  region                      = "ap-south-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_resource {
  target = aws_s3_bucket.this
  values = { arn = "arn:aws:s3:::store-sales-models-test" }
}

override_resource {
  target = aws_s3_bucket_public_access_block.this
}

override_resource {
  target = aws_s3_bucket_ownership_controls.this
}

override_resource {
  target = aws_s3_bucket_server_side_encryption_configuration.this
}

override_resource {
  target = aws_s3_bucket_versioning.this
}

override_resource {
  target = aws_s3_bucket_policy.this
}

run "tls_only" {
  module {
    source = "./modules/s3"
  }

  variables {
    name = "store-sales-models-test"
  }

  assert {
    condition = jsondecode(aws_s3_bucket_policy.this.policy) == {
      Version = "2012-10-17"
      Statement = [{
        Sid       = "DenyWithoutTLS"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = ["arn:aws:s3:::store-sales-models-test/*", "arn:aws:s3:::store-sales-models-test"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }]
    }
    error_message = "The bucket policy must deny everything without TLS, and allow nothing: ${aws_s3_bucket_policy.this.policy}"
  }
}
