locals {
  widgets = [
    { title = "Events in", metrics = [["AWS/Kinesis", "IncomingRecords", "StreamName", var.source_stream_name, { stat = "Sum" }]] },
    { title = "Predictions out", metrics = [["AWS/Kinesis", "IncomingRecords", "StreamName", var.output_stream_name, { stat = "Sum" }]] },
    {
      title = "Age of the events, ms"
      metrics = [
        ["AWS/Lambda", "IteratorAge", "FunctionName", var.function_name, { stat = "Maximum" }],
        ["AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", "StreamName", var.source_stream_name, { stat = "Maximum" }],
      ]
    },
    {
      title = "Duration, ms"
      metrics = [
        ["AWS/Lambda", "Duration", "FunctionName", var.function_name, { stat = "p50" }],
        ["AWS/Lambda", "Duration", "FunctionName", var.function_name, { stat = "p99" }],
      ]
    },
    {
      title = "Invocations, errors, throttles"
      metrics = [
        for name in ["Invocations", "Errors", "Throttles"] : ["AWS/Lambda", name, "FunctionName", var.function_name, { stat = "Sum" }]
      ]
    },
    { title = "Concurrency", metrics = [["AWS/Lambda", "ConcurrentExecutions", "FunctionName", var.function_name, { stat = "Maximum" }]] },
    {
      title = "Failed events"
      metrics = [
        [local.metric_namespace, aws_cloudwatch_log_metric_filter.invalid_events.metric_transformation[0].name, { stat = "Sum" }],
        ["AWS/Lambda", "OnFailureDestinationDeliveredEventCount", "EventSourceMappingUUID", var.event_source_mapping_id, { stat = "Sum" }],
        ["AWS/Lambda", "DestinationDeliveryFailures", "FunctionName", var.function_name, { stat = "Sum" }],
      ]
    },
    {
      title = "Records the streams refused"
      metrics = [
        for name in [var.source_stream_name, var.output_stream_name] :
        ["AWS/Kinesis", "WriteProvisionedThroughputExceeded", "StreamName", name, { stat = "Sum" }]
      ]
    },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = "${var.function_name}-overview"

  dashboard_body = jsonencode({
    widgets = [
      # Two side by side on CloudWatch's grid of 24 columns.
      for number, widget in local.widgets : {
        type   = "metric"
        x      = number % 2 * 12
        y      = floor(number / 2) * 6
        width  = 12
        height = 6
        properties = {
          title   = widget.title
          metrics = widget.metrics
          region  = var.aws_region
          period  = 60
          view    = "timeSeries"
        }
      }
    ]
  })
}
