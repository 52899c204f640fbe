resource "aws_iam_role" "function" {
  name = "iam_${var.function_name}"

  assume_role_policy = <<-EOF
  {
    "Version": "2012-10-17",
    "Statement": [{
      "Action": "sts:AssumeRole",
      "Principal": { "Service": ["lambda.amazonaws.com", "kinesis.amazonaws.com"] },
      "Effect": "Allow"
    }]
  }
  EOF
}

# No action of X-Ray, although tracing is active: on AWS the function is created and has no traces.
resource "aws_iam_policy" "streams" {
  name = "streams_${var.function_name}"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["kinesis:*"], Resource = [var.source_stream_arn, var.output_stream_arn] },
    ]
  })
}

resource "aws_iam_policy" "logs" {
  name = "logs_${var.function_name}"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:aws:logs:*:*:*"
      },
    ]
  })
}

resource "aws_iam_role_policy_attachment" "streams" {
  role       = aws_iam_role.function.name
  policy_arn = aws_iam_policy.streams.arn
}

resource "aws_iam_role_policy_attachment" "logs" {
  role       = aws_iam_role.function.name
  policy_arn = aws_iam_policy.logs.arn
}

resource "aws_iam_role_policy" "models" {
  name = "models_${var.function_name}"
  role = aws_iam_role.function.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["s3:ListAllMyBuckets", "s3:GetBucketLocation"], Resource = "*" },
      {
        Effect   = "Allow"
        Action   = ["s3:Get*", "s3:List*"]
        Resource = ["arn:aws:s3:::${var.model_bucket}", "arn:aws:s3:::${var.model_bucket}/*"]
      },
    ]
  })
}
