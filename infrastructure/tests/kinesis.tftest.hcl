# Module kinesis: the stream has the given settings, and wrong values are refused.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name            = "sales-events-test"
  shard_count     = 2
  retention_hours = 48
}

run "stream" {
  module {
    source = "./modules/kinesis"
  }

  variables {
    shard_level_metrics = ["IncomingBytes", "IteratorAgeMilliseconds"]
  }

  assert {
    condition     = aws_kinesis_stream.this.name == "sales-events-test"
    error_message = "The stream has the wrong name."
  }

  assert {
    condition     = aws_kinesis_stream.this.shard_count == 2 && aws_kinesis_stream.this.retention_period == 48
    error_message = "Shards or retention are wrong."
  }

  assert {
    condition     = aws_kinesis_stream.this.shard_level_metrics == toset(["IncomingBytes", "IteratorAgeMilliseconds"])
    error_message = "Shard-level metrics are wrong."
  }

  assert {
    condition     = aws_kinesis_stream.this.stream_mode_details[0].stream_mode == "PROVISIONED"
    error_message = "The stream must be provisioned unless told otherwise: on-demand streams ignore shard_count."
  }

  assert {
    condition     = output.name == "sales-events-test" && output.arn == aws_kinesis_stream.this.arn
    error_message = "Outputs name and arn are not the stream's."
  }
}

run "refuses_wrong_values" {
  command = plan

  module {
    source = "./modules/kinesis"
  }

  variables {
    name            = "sales events"
    shard_count     = 0
    retention_hours = 12
    # AWS stores ALL as the seven names, so every later plan would show a change.
    shard_level_metrics = ["ALL"]
  }

  expect_failures = [var.name, var.shard_count, var.retention_hours, var.shard_level_metrics]
}

run "refuses_fractions_and_too_long_retention" {
  command = plan

  module {
    source = "./modules/kinesis"
  }

  variables {
    shard_count     = 1.5
    retention_hours = 8761
  }

  expect_failures = [var.shard_count, var.retention_hours]
}

run "on_demand_without_shards" {
  command = plan

  module {
    source = "./modules/kinesis"
  }

  variables {
    stream_mode = "ON_DEMAND"
  }

  assert {
    condition     = aws_kinesis_stream.this.stream_mode_details[0].stream_mode == "ON_DEMAND"
    error_message = "The stream is not on demand."
  }

  assert {
    # shard_count is computed where it is not set; the provider refuses it for an on-demand stream.
    condition     = output.settings.stream_mode == "ON_DEMAND" && try(aws_kinesis_stream.this.shard_count != 2, true)
    error_message = "An on-demand stream must not get shard_count: the provider refuses it."
  }
}

run "on_demand_needs_no_shard_count" {
  command = plan

  module {
    source = "./modules/kinesis"
  }

  variables {
    stream_mode = "ON_DEMAND"
    shard_count = null
  }
}

run "provisioned_needs_a_shard_count" {
  command = plan

  module {
    source = "./modules/kinesis"
  }

  variables {
    shard_count = null
  }

  expect_failures = [var.shard_count]
}

run "refuses_an_unknown_mode" {
  command = plan

  module {
    source = "./modules/kinesis"
  }

  variables {
    stream_mode = "on_demand"
  }

  expect_failures = [var.stream_mode]
}

run "encrypted" {
  command = plan

  module {
    source = "./modules/kinesis"
  }

  variables {
    kms_key_arn = "arn:aws:kms:ap-south-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }

  assert {
    condition     = aws_kinesis_stream.this.encryption_type == "KMS" && aws_kinesis_stream.this.kms_key_id == var.kms_key_arn
    error_message = "The stream is not encrypted with the key."
  }
}

run "not_encrypted_by_default" {
  command = plan

  module {
    source = "./modules/kinesis"
  }

  assert {
    condition     = aws_kinesis_stream.this.encryption_type == "NONE" && aws_kinesis_stream.this.kms_key_id == null
    error_message = "Without a key the stream must not change: a change would take it out of service for seconds."
  }
}
