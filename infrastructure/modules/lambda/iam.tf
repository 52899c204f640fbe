data "aws_iam_policy_document" "assume_role" {
  statement {
    sid     = "LambdaRunsAsThisRole"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

# Several policies, because they are needed at different times:
# - telemetry: CreateFunction refuses active tracing if the role may not write traces.
# - pipeline: the mapping needs the streams, for which the provider waits half a minute.
# - key: a stream in use gets a key only once the role may use the key.

resource "aws_iam_role" "this" {
  name               = "${var.name}_lambda"
  description        = "Execution role of the function ${var.name}."
  assume_role_policy = data.aws_iam_policy_document.assume_role.json
}

data "aws_iam_policy_document" "pipeline" {
  # Lambda's list for standard iterators. SubscribeToShard is for enhanced fan-out only.
  # https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html
  statement {
    sid = "ReadSourceStream"
    actions = [
      "kinesis:DescribeStream",
      "kinesis:DescribeStreamSummary",
      "kinesis:GetRecords",
      "kinesis:GetShardIterator",
      "kinesis:ListShards",
    ]
    resources = [var.source_stream_arn]
  }

  statement {
    sid       = "WritePredictions"
    actions   = ["kinesis:PutRecords"]
    resources = [var.output_stream_arn]
  }

  statement {
    sid       = "ReadModel"
    actions   = ["s3:GetObject"]
    resources = ["${var.model_bucket_arn}/*"]
  }

  # The function finds a model by its run id, and Lambda requires ListBucket for an S3 failure destination
  # (https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html).
  statement {
    sid       = "ListBuckets"
    actions   = ["s3:ListBucket"]
    resources = [var.model_bucket_arn, var.failed_events_bucket_arn]
  }

  # The handler writes to invalid/, the event source mapping to aws/lambda/.
  statement {
    sid       = "KeepFailedEvents"
    actions   = ["s3:PutObject"]
    resources = ["${var.failed_events_bucket_arn}/invalid/*", "${var.failed_events_bucket_arn}/aws/lambda/*"]
  }
}

resource "aws_iam_role_policy" "pipeline" {
  name   = "pipeline"
  role   = aws_iam_role.this.name
  policy = data.aws_iam_policy_document.pipeline.json
}

data "aws_iam_policy_document" "key" {
  count = var.kms_key_arn == null ? 0 : 1

  # Decrypt for events and models, GenerateDataKey for predictions and failed events. The mapping uses this role as well.
  # The key's own policy limits both actions to Kinesis and S3.
  statement {
    sid       = "UseTheStagesKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }
}

resource "aws_iam_role_policy" "key" {
  count = var.kms_key_arn == null ? 0 : 1

  name   = "key"
  role   = aws_iam_role.this.name
  policy = data.aws_iam_policy_document.key[0].json

  # When the key is dropped, this makes Terraform wait until nothing is encrypted with it. By default Terraform would
  # destroy the policy before it changes the streams.
  lifecycle {
    create_before_destroy = true
  }
}

data "aws_iam_policy_document" "telemetry" {
  # checkov:skip=PIPELINE_RESOURCES_NAMED:X-Ray's write actions support no resources
  # No CreateLogGroup: Terraform creates the group.
  statement {
    sid       = "WriteLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }

  # The only "*": X-Ray's write actions support no resource-level permissions.
  # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
  statement {
    sid       = "SendTraces"
    actions   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "telemetry" {
  name   = "telemetry"
  role   = aws_iam_role.this.name
  policy = data.aws_iam_policy_document.telemetry.json
}
