# The example of each module can be planned.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "kinesis" {
  command = plan

  module {
    source = "./modules/kinesis/examples/complete"
  }
}

run "s3" {
  command = plan

  module {
    source = "./modules/s3/examples/complete"
  }
}

run "kms" {
  command = plan

  module {
    source = "./modules/kms/examples/complete"
  }

  assert {
    condition     = output.key_alias == "alias/example"
    error_message = "The key does not have the example's name."
  }
}

run "ecr" {
  command = plan

  module {
    source = "./modules/ecr/examples/complete"
  }
}

run "ecr_build" {
  command = plan

  module {
    source = "./modules/ecr/build/examples/complete"
  }

  assert {
    condition     = startswith(output.image_tag, "sha-")
    error_message = "The tag does not come from the hash: ${output.image_tag}"
  }
}

run "lambda" {
  command = plan

  module {
    source = "./modules/lambda/examples/complete"
  }
}

run "monitoring" {
  command = plan

  module {
    source = "./modules/monitoring/examples/complete"
  }

  assert {
    condition     = length(output.alarm_names) == 9
    error_message = "The example does not create all alarms."
  }
}

run "deployer" {
  command = plan

  module {
    source = "./bootstrap/deployer/examples/complete"
  }
}
