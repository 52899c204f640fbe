resource "aws_lambda_function" "function" {
  function_name = var.function_name
  role          = aws_iam_role.function.arn
  package_type  = "Image"
  image_uri     = var.image_uri
  timeout       = 180

  tracing_config { mode = "Active" }

  environment {
    variables = {
      PREDICTIONS_STREAM_NAME = var.output_stream_name
      MODEL_BUCKET            = var.model_bucket
    }
  }

  lifecycle { ignore_changes = [environment] }
}

resource "aws_lambda_function_event_invoke_config" "function" {
  function_name                = aws_lambda_function.function.function_name
  maximum_event_age_in_seconds = 60
  maximum_retry_attempts       = 0
}

resource "aws_lambda_permission" "kinesis" {
  statement_id  = "AllowExecutionFromKinesis"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.function.function_name
  principal     = "kinesis.amazonaws.com"
  source_arn    = var.source_stream_arn
}

resource "aws_lambda_event_source_mapping" "source" {
  event_source_arn  = var.source_stream_arn
  function_name     = aws_lambda_function.function.arn
  starting_position = "LATEST"
  depends_on        = [aws_iam_role_policy_attachment.streams]
}
