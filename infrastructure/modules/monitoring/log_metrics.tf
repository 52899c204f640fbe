locals {
  # Not below AWS/, which is AWS's own.
  metric_namespace = "StoreSales"
}

# S3 counts no objects by the minute unless it is paid for each request: what the function says of each batch costs
# nothing but the metric. The line is written by service/store_sales/processor.py.
resource "aws_cloudwatch_log_metric_filter" "invalid_events" {
  name           = "${var.function_name}-invalid-events"
  log_group_name = var.log_group_name
  pattern        = "{ ($.message = \"batch processed\") && ($.invalid > 0) }"

  metric_transformation {
    namespace = local.metric_namespace
    name      = "${var.function_name}-invalid-events"
    value     = "$.invalid"
    unit      = "Count"
  }
}
