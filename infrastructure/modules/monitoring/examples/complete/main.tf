provider "aws" {
  region = "ap-south-1"
}

module "monitoring" {
  source = "../.."

  function_name           = "example"
  timeout_seconds         = 180
  log_group_name          = "/aws/lambda/example"
  event_source_mapping_id = "11111111-2222-3333-4444-555555555555"
  source_stream_name      = "example-events"
  output_stream_name      = "example-predictions"
  aws_region              = "ap-south-1"
  alarm_topic_arn         = "arn:aws:sns:ap-south-1:123456789012:alarms"

  thresholds = {
    iterator_age_seconds     = 300
    errors                   = 5
    throttles                = 1
    duration_percent         = 80
    failed_events            = 1
    output_throttled_records = 1
  }
}

output "alarm_names" {
  description = "Names of the alarms."
  value       = module.monitoring.alarm_names
}
