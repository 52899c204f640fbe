# Module ecr: who may pull. As in lambda_policies.tftest.hcl, the real provider computes the document, every resource is
# overridden, and there is no network call.

provider "aws" {
  region                      = "ap-south-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

# Another partition, region and account than the provider's, to show that none of them is hard-coded.
override_resource {
  target = aws_ecr_repository.this
  values = {
    arn            = "arn:aws-cn:ecr:cn-north-1:210987654321:repository/store_sales_test"
    repository_url = "210987654321.dkr.ecr.cn-north-1.amazonaws.com.cn/store_sales_test"
  }
}

override_resource {
  target = aws_ecr_repository_policy.this
}

override_resource {
  target = aws_ecr_lifecycle_policy.this
}

run "lambda_may_pull" {
  module {
    source = "./modules/ecr"
  }

  variables {
    name          = "store_sales_test"
    function_name = "store_sales_fn"
  }

  assert {
    condition = jsondecode(aws_ecr_repository_policy.this.policy) == {
      Version = "2012-10-17"
      Statement = [{
        Sid       = "LambdaPullsTheImage"
        Effect    = "Allow"
        Principal = { Service = "lambda.amazonaws.com" }
        # In the provider's order of lists.
        Action = ["ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"]
        Condition = {
          StringLike = {
            "aws:SourceArn" = [
              "arn:aws-cn:lambda:cn-north-1:210987654321:function:store_sales_fn",
              "arn:aws-cn:lambda:cn-north-1:210987654321:function:store_sales_fn:*",
            ]
          }
        }
      }]
    }
    error_message = "Only this function may pull, and nothing else: ${aws_ecr_repository_policy.this.policy}"
  }

  assert {
    condition     = aws_ecr_repository_policy.this.repository == "store_sales_test"
    error_message = "The repository policy is on another repository."
  }
}
