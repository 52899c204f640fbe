# Module monitoring: what the alarms watch, and what the dashboard shows.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  function_name           = "store_sales_test"
  timeout_seconds         = 60
  log_group_name          = "/aws/lambda/store_sales_test"
  event_source_mapping_id = "11111111-2222-3333-4444-555555555555"
  source_stream_name      = "sales-events-test"
  output_stream_name      = "sales-predictions-test"
  aws_region              = "ap-south-1"
  alarm_topic_arn         = "arn:aws:sns:ap-south-1:123456789012:alarms"

  thresholds = {
    iterator_age_seconds     = 300
    errors                   = 5
    throttles                = 2
    duration_percent         = 80
    failed_events            = 3
    output_throttled_records = 4
  }
}

run "alarms" {
  module {
    source = "./modules/monitoring"
  }

  assert {
    condition = jsonencode({
      for name, alarm in aws_cloudwatch_metric_alarm.this :
      name => [alarm.namespace, alarm.metric_name, alarm.statistic, alarm.threshold, alarm.dimensions]
      }) == jsonencode({
      discarded-events = ["AWS/Lambda", "OnFailureDestinationDeliveredEventCount", "Sum", 3, { EventSourceMappingUUID = var.event_source_mapping_id }]
      duration         = ["AWS/Lambda", "Duration", "Maximum", 48000, { FunctionName = "store_sales_test" }]
      errors           = ["AWS/Lambda", "Errors", "Sum", 5, { FunctionName = "store_sales_test" }]
      invalid-events   = ["StoreSales", "store_sales_test-invalid-events", "Sum", 3, {}]
      iterator-age     = ["AWS/Lambda", "IteratorAge", "Maximum", 300000, { FunctionName = "store_sales_test" }]
      lost-failures    = ["AWS/Lambda", "DestinationDeliveryFailures", "Sum", 1, { FunctionName = "store_sales_test" }]
      output-throttled = ["AWS/Kinesis", "WriteProvisionedThroughputExceeded", "Sum", 4, { StreamName = "sales-predictions-test" }]
      throttles        = ["AWS/Lambda", "Throttles", "Sum", 2, { FunctionName = "store_sales_test" }]
    })
    error_message = "An alarm watches another metric, or has another unit."
  }

  assert {
    condition = alltrue([
      for name, alarm in merge(aws_cloudwatch_metric_alarm.this, { stalled = aws_cloudwatch_metric_alarm.stalled }) : alltrue([
        alarm.alarm_name == "store_sales_test-${name}",
        alarm.alarm_actions == toset([var.alarm_topic_arn]),
        alarm.ok_actions == toset([var.alarm_topic_arn]),
        alarm.treat_missing_data == "notBreaching",
        alarm.comparison_operator == "GreaterThanOrEqualToThreshold",
        length(alarm.alarm_description) > 20,
      ])
    ])
    error_message = "An alarm has another name, notifies nobody, or treats a quiet night as an incident."
  }

  # Once is enough if nothing brings the event back; what retries fix has to last.
  assert {
    condition = jsonencode({
      for name, alarm in aws_cloudwatch_metric_alarm.this :
      name => "${alarm.datapoints_to_alarm} of ${alarm.evaluation_periods} x ${alarm.period}"
      }) == jsonencode({
      discarded-events = "1 of 1 x 300"
      duration         = "3 of 5 x 60"
      errors           = "1 of 1 x 300"
      invalid-events   = "1 of 1 x 300"
      iterator-age     = "3 of 5 x 60"
      lost-failures    = "1 of 1 x 300"
      output-throttled = "3 of 5 x 60"
      throttles        = "3 of 5 x 60"
    })
    error_message = "An alarm does not wait as long as docs/monitoring.md says."
  }

  assert {
    condition = alltrue([
      aws_cloudwatch_log_metric_filter.invalid_events.log_group_name == "/aws/lambda/store_sales_test",
      aws_cloudwatch_log_metric_filter.invalid_events.pattern == "{ ($.message = \"batch processed\") && ($.invalid > 0) }",
      aws_cloudwatch_log_metric_filter.invalid_events.metric_transformation[0].value == "$.invalid",
    ])
    error_message = "The metric does not count the line that the function logs for invalid events."
  }

  assert {
    condition     = length(output.alarm_names) == 9 && contains(output.alarm_names, "store_sales_test-stalled")
    error_message = "Output alarm_names lacks an alarm."
  }

  assert {
    condition = alltrue([
      for metric in [
        "\"IncomingRecords\",\"StreamName\",\"sales-events-test\"", "\"IncomingRecords\",\"StreamName\",\"sales-predictions-test\"",
        "IteratorAge", "Errors", "Throttles", "\"stat\":\"p50\"", "\"stat\":\"p99\"", "ConcurrentExecutions",
        "store_sales_test-invalid-events", "OnFailureDestinationDeliveredEventCount",
      ] : strcontains(aws_cloudwatch_dashboard.this.dashboard_body, metric)
    ]) && output.dashboard_name == "store_sales_test-overview"
    error_message = "The dashboard lacks a metric: ${aws_cloudwatch_dashboard.this.dashboard_body}"
  }
}

run "without_topic" {
  command = plan

  module {
    source = "./modules/monitoring"
  }

  variables {
    alarm_topic_arn = null
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : try(length(alarm.alarm_actions), 0) == 0])
    error_message = "Without a topic, alarms must notify nobody."
  }
}
