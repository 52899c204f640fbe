# Module ecr: immutable tags, scans, and which images expire.

mock_provider "aws" {
  source = "./tests/mocks"
}

# Of another partition, region and account than the mocks', to see that none of them is written down.
override_resource {
  target = aws_ecr_repository.this
  values = {
    arn            = "arn:aws-cn:ecr:cn-north-1:210987654321:repository/store_sales_test"
    repository_url = "210987654321.dkr.ecr.cn-north-1.amazonaws.com.cn/store_sales_test"
  }
}

variables {
  name          = "store_sales_test"
  function_name = "store_sales_fn"
}

run "repository" {
  module {
    source = "./modules/ecr"
  }

  variables {
    keep_images              = 5
    untagged_expiration_days = 2
  }

  assert {
    condition     = aws_ecr_repository.this.name == "store_sales_test" && output.name == "store_sales_test"
    error_message = "The repository is not named as asked."
  }

  assert {
    condition     = output.repository_url == aws_ecr_repository.this.repository_url && output.arn == aws_ecr_repository.this.arn
    error_message = "Outputs repository_url and arn are not the repository's."
  }

  assert {
    condition     = aws_ecr_repository.this.image_tag_mutability == "IMMUTABLE"
    error_message = "Tags must be immutable: what a tag names may not change after it was deployed."
  }

  assert {
    condition     = aws_ecr_repository.this.image_scanning_configuration[0].scan_on_push
    error_message = "Images are not scanned on push."
  }

  assert {
    condition     = aws_ecr_repository.this.encryption_configuration[0].encryption_type == "AES256"
    error_message = "Images are not encrypted."
  }

  assert {
    condition     = aws_ecr_repository.this.force_delete == false
    error_message = "By default a repository with images must survive a destroy."
  }

  assert {
    condition     = aws_ecr_lifecycle_policy.this.repository == "store_sales_test"
    error_message = "The lifecycle policy is on another repository."
  }

  assert {
    condition = tolist([
      for rule in jsondecode(aws_ecr_lifecycle_policy.this.policy).rules :
      "${rule.selection.tagStatus} ${rule.selection.countType} ${rule.selection.countNumber} ${rule.action.type}"
    ]) == tolist(["untagged sinceImagePushed 2 expire", "any imageCountMoreThan 5 expire"])
    error_message = "The lifecycle policy does not expire what it should: ${aws_ecr_lifecycle_policy.this.policy}"
  }
}

run "lambda_may_pull" {
  module {
    source = "./modules/ecr"
  }

  assert {
    condition = jsondecode(aws_ecr_repository_policy.this.policy) == {
      Version = "2012-10-17"
      Statement = [{
        Sid       = "LambdaPullsTheImage"
        Effect    = "Allow"
        Principal = { Service = "lambda.amazonaws.com" }
        Action    = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Condition = {
          StringLike = { "aws:SourceArn" = "arn:aws-cn:lambda:cn-north-1:210987654321:function:store_sales_fn" }
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

run "force_delete" {
  command = plan

  module {
    source = "./modules/ecr"
  }

  variables {
    force_delete = true
  }

  assert {
    condition     = aws_ecr_repository.this.force_delete
    error_message = "force_delete does not reach the repository."
  }
}

run "refuses_wrong_values" {
  command = plan

  module {
    source = "./modules/ecr"
  }

  variables {
    name                     = "Store_Sales"
    function_name            = "store sales"
    keep_images              = 1
    untagged_expiration_days = 0
  }

  expect_failures = [var.name, var.function_name, var.keep_images, var.untagged_expiration_days]
}
