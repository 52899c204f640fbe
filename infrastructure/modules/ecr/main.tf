locals {
  # arn:<partition>:ecr:<region>:<account>:repository/<name>
  repository_arn = split(":", aws_ecr_repository.this.arn)
  function_arn = format(
    "arn:%s:lambda:%s:%s:function:%s",
    local.repository_arn[1], local.repository_arn[3], local.repository_arn[4], var.function_name,
  )
}

resource "aws_ecr_repository" "this" {
  name                 = var.name
  image_tag_mutability = "IMMUTABLE"
  force_delete         = var.force_delete

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = var.kms_key_arn == null ? "AES256" : "KMS"
    kms_key         = var.kms_key_arn
  }

  lifecycle {
    # Settled when a repository is made. A change would replace it, and take the images away that functions run.
    ignore_changes = [encryption_configuration]
  }
}

data "aws_iam_policy_document" "pull" {
  statement {
    sid     = "LambdaPullsTheImage"
    actions = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }

    condition {
      test     = "StringLike"
      variable = "aws:SourceArn"
      # With a qualifier too: a published version that Lambda has let go of after weeks without an event is pulled again.
      values = [local.function_arn, "${local.function_arn}:*"]
    }
  }
}

# Lambda adds such a statement by itself only if whoever creates the function may set repository policies, and then the
# next plan would not know it. Account, region and partition are those of the repository: Lambda takes images from its
# own region only.
resource "aws_ecr_repository_policy" "this" {
  repository = aws_ecr_repository.this.name
  policy     = data.aws_iam_policy_document.pull.json
}

resource "aws_ecr_lifecycle_policy" "this" {
  repository = aws_ecr_repository.this.name

  policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "Remove images that lost their tag"
        selection = {
          tagStatus   = "untagged"
          countType   = "sinceImagePushed"
          countUnit   = "days"
          countNumber = var.untagged_expiration_days
        }
        action = { type = "expire" }
      },
      {
        rulePriority = 2
        description  = "Keep the newest images"
        selection = {
          tagStatus   = "any"
          countType   = "imageCountMoreThan"
          countNumber = var.keep_images
        }
        action = { type = "expire" }
      },
    ]
  })
}
