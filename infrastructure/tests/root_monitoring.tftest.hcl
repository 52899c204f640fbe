# Root: the variables for alarms and dashboard.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  project_id          = "stg"
  lambda_package_type = "Zip"
  lambda_zip_path     = "tests/fixtures/empty.zip"
  run_id              = "0123456789abcdef0123456789abcdef"
}

run "defaults" {
  assert {
    condition = jsonencode(module.monitoring[0].thresholds) == jsonencode({
      discarded-events = 1
      duration         = 144000
      errors           = 5
      invalid-events   = 1
      iterator-age     = 300000
      lost-failures    = 1
      output-throttled = 1
      throttles        = 1
    })
    error_message = "The thresholds are not the documented ones: ${jsonencode(module.monitoring[0].thresholds)}"
  }

  assert {
    condition     = length(output.alarm_names) == 9 && output.dashboard_name == "store_sales_stg-overview"
    error_message = "Alarms or dashboard are missing."
  }
}

run "every_threshold_reaches_its_alarm" {
  variables {
    lambda_timeout_seconds         = 100
    alarm_iterator_age_seconds     = 11
    alarm_errors                   = 12
    alarm_throttles                = 13
    alarm_duration_percent         = 14
    alarm_failed_events            = 15
    alarm_output_throttled_records = 16
  }

  assert {
    condition = jsonencode(module.monitoring[0].thresholds) == jsonencode({
      discarded-events = 15
      duration         = 14000
      errors           = 12
      invalid-events   = 15
      iterator-age     = 11000
      lost-failures    = 1
      output-throttled = 16
      throttles        = 13
    })
    error_message = "A threshold does not reach its alarm: ${jsonencode(module.monitoring[0].thresholds)}"
  }
}

run "switched_off" {
  variables {
    monitoring_enabled = false
  }

  assert {
    condition     = length(module.monitoring) == 0 && length(output.alarm_names) == 0 && output.dashboard_name == ""
    error_message = "Alarms are created although they are switched off."
  }
}

run "wrong_values" {
  command = plan

  variables {
    alarm_topic_arn                = "alarms"
    alarm_iterator_age_seconds     = 0
    alarm_errors                   = 0
    alarm_throttles                = 0.5
    alarm_duration_percent         = 101
    alarm_failed_events            = 0
    alarm_output_throttled_records = 0
  }

  expect_failures = [
    var.alarm_topic_arn,
    var.alarm_iterator_age_seconds,
    var.alarm_errors,
    var.alarm_throttles,
    var.alarm_duration_percent,
    var.alarm_failed_events,
    var.alarm_output_throttled_records,
  ]
}

run "an_age_that_no_event_reaches" {
  command = plan

  variables {
    maximum_record_age_seconds = 300
    alarm_iterator_age_seconds = 300
  }

  expect_failures = [var.alarm_iterator_age_seconds]
}
