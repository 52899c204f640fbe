# Bootstrap: the state bucket.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "state_bucket" {
  command = plan

  module {
    source = "./bootstrap"
  }

  variables {
    state_bucket = "store-sales-tfstate-test"
  }

  assert {
    condition     = module.state_bucket.name == "store-sales-tfstate-test" && output.state_bucket == "store-sales-tfstate-test"
    error_message = "The state bucket has the wrong name."
  }

  assert {
    condition     = output.aws_region == "ap-south-1"
    error_message = "Output aws_region is not the bucket's region."
  }
}

run "refuses_wrong_values" {
  command = plan

  module {
    source = "./bootstrap"
  }

  variables {
    state_bucket               = "Store_Sales_State"
    aws_region                 = "Mumbai"
    allowed_account_ids        = ["123"]
    noncurrent_expiration_days = 7
  }

  expect_failures = [
    var.state_bucket,
    var.aws_region,
    var.allowed_account_ids,
    var.noncurrent_expiration_days,
  ]
}
