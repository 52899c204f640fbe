output "alarm_names" {
  description = "Names of the alarms."
  value       = sort(concat([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name], [aws_cloudwatch_metric_alarm.stalled.alarm_name]))
}

output "dashboard_name" {
  description = "Name of the dashboard."
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}

output "thresholds" {
  description = "Threshold of each alarm in the unit of its metric, by alarm."
  value       = { for name, alarm in aws_cloudwatch_metric_alarm.this : name => alarm.threshold }
}
