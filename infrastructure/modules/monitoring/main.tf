# One alarm for each way in which predictions fail or fall behind. docs/monitoring.md explains each and what to do.
#
# Missing data never count as a breach: Lambda and Kinesis publish nothing while nothing happens, and a shop that is closed
# at night is no incident. The alarm "stalled" covers what this would hide: a mapping that has stopped.

locals {
  function = { FunctionName = var.function_name }

  # Thresholds are in the unit of the metric.
  # sustained: in three of five minutes, so that nobody is woken for what retries fix.
  # once: within five minutes, because nothing brings the event back by itself.
  alarms = {
    iterator-age = {
      what       = "Events wait longer than ${var.thresholds.iterator_age_seconds} s before the function gets them."
      namespace  = "AWS/Lambda"
      metric     = "IteratorAge"
      dimensions = local.function
      statistic  = "Maximum"
      threshold  = var.thresholds.iterator_age_seconds * 1000
      kind       = "sustained"
    }
    errors = {
      what       = "Invocations crash or time out; their batches are retried, then go to the failed-events bucket."
      namespace  = "AWS/Lambda"
      metric     = "Errors"
      dimensions = local.function
      statistic  = "Sum"
      threshold  = var.thresholds.errors
      kind       = "once"
    }
    throttles = {
      what       = "Lambda refuses invocations: the account's or the function's concurrency is used up."
      namespace  = "AWS/Lambda"
      metric     = "Throttles"
      dimensions = local.function
      statistic  = "Sum"
      threshold  = var.thresholds.throttles
      kind       = "sustained"
    }
    duration = {
      what       = "Invocations take ${var.thresholds.duration_percent} % of the function's timeout of ${var.timeout_seconds} s or more."
      namespace  = "AWS/Lambda"
      metric     = "Duration"
      dimensions = local.function
      statistic  = "Maximum"
      threshold  = var.timeout_seconds * 10 * var.thresholds.duration_percent
      kind       = "sustained"
    }
    invalid-events = {
      what       = "Producers send events that can never be predicted: invalid/ in the failed-events bucket."
      namespace  = local.metric_namespace
      metric     = aws_cloudwatch_log_metric_filter.invalid_events.metric_transformation[0].name
      dimensions = {}
      statistic  = "Sum"
      threshold  = var.thresholds.failed_events
      kind       = "once"
    }
    discarded-events = {
      what       = "The event source mapping has given events up: aws/lambda/ in the failed-events bucket."
      namespace  = "AWS/Lambda"
      metric     = "OnFailureDestinationDeliveredEventCount"
      dimensions = { EventSourceMappingUUID = var.event_source_mapping_id }
      statistic  = "Sum"
      threshold  = var.thresholds.failed_events
      kind       = "once"
    }
    lost-failures = {
      what       = "What the mapping gave up could not be kept in the failed-events bucket: it is lost when the stream's retention ends."
      namespace  = "AWS/Lambda"
      metric     = "DestinationDeliveryFailures"
      dimensions = local.function
      statistic  = "Sum"
      threshold  = 1
      kind       = "once"
    }
    output-throttled = {
      what       = "The output stream refuses records: it has too few shards, or one partition key has too many events."
      namespace  = "AWS/Kinesis"
      metric     = "WriteProvisionedThroughputExceeded"
      dimensions = { StreamName = var.output_stream_name }
      statistic  = "Sum"
      threshold  = var.thresholds.output_throttled_records
      kind       = "sustained"
    }
  }

  actions = var.alarm_topic_arn == null ? [] : [var.alarm_topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.function_name}-${each.key}"
  alarm_description   = each.value.what
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = each.value.threshold
  period              = each.value.kind == "once" ? 300 : 60
  evaluation_periods  = each.value.kind == "once" ? 1 : 5
  datapoints_to_alarm = each.value.kind == "once" ? 1 : 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.actions
  ok_actions          = local.actions
}

# A mapping that is disabled or may not read has no iterator age. It shows only in events that arrive and no invocations.
resource "aws_cloudwatch_metric_alarm" "stalled" {
  alarm_name          = "${var.function_name}-stalled"
  alarm_description   = "Events arrive and the function is not invoked: the event source mapping is off, or may not read."
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 5
  datapoints_to_alarm = 5
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.actions
  ok_actions          = local.actions

  metric_query {
    id          = "stalled"
    label       = "Minutes with events and without invocations"
    expression  = "IF(FILL(incoming, 0) > 0 AND FILL(invocations, 0) + FILL(throttles, 0) == 0, 1, 0)"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = {
      incoming    = { namespace = "AWS/Kinesis", name = "IncomingRecords", dimensions = { StreamName = var.source_stream_name } }
      invocations = { namespace = "AWS/Lambda", name = "Invocations", dimensions = local.function }
      throttles   = { namespace = "AWS/Lambda", name = "Throttles", dimensions = local.function }
    }

    content {
      id = metric_query.key

      metric {
        namespace   = metric_query.value.namespace
        metric_name = metric_query.value.name
        dimensions  = metric_query.value.dimensions
        period      = 60
        stat        = "Sum"
      }
    }
  }
}

locals {
  # AWS/ is reserved for AWS.
  metric_namespace = "StoreSales"
}

# Counting objects per minute in S3 needs paid request metrics. The function's log line per batch costs only this metric.
# service/store_sales/processor.py writes the line.
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
