# bootstrap/deployer: what a deployment may do. As in lambda_policies.tftest.hcl, the real provider computes the
# documents without any network call.

provider "aws" {
  region                      = "ap-south-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  project_id           = "stg"
  account_id           = "123456789012"
  aws_region           = "ap-south-1"
  state_bucket         = "state"
  state_key            = "store-sales/stg/terraform.tfstate"
  source_stream_name   = "sales-events"
  output_stream_name   = "sales-predictions"
  model_bucket         = "store-sales-models"
  failed_events_bucket = "store-sales-failed-events"
  ecr_repo_name        = "store_sales"
  lambda_function_name = "store_sales"
}

run "policies" {
  module {
    source = "./bootstrap/deployer"
  }

  assert {
    condition = jsonencode({
      for statement in jsondecode(output.deploy_policy).Statement : statement.Sid => sort(flatten([statement.Resource]))
      }) == jsonencode({
      Alarms                    = ["arn:aws:cloudwatch:ap-south-1:123456789012:alarm:store_sales_stg-*"]
      Buckets                   = ["arn:aws:s3:::store-sales-failed-events-stg", "arn:aws:s3:::store-sales-models-stg"]
      ChangeEventSourceMappings = ["*"]
      CheckStateBucket          = ["arn:aws:s3:::state"]
      Dashboard                 = ["arn:aws:cloudwatch::123456789012:dashboard/store_sales_stg-overview"]
      FindKeyAndLimits          = ["*"]
      FindLogGroup              = ["arn:aws:logs:ap-south-1:123456789012:log-group:*"]
      Function = [
        "arn:aws:lambda:ap-south-1:123456789012:function:store_sales_stg",
        "arn:aws:lambda:ap-south-1:123456789012:function:store_sales_stg:*",
      ]
      GiveTheFunctionItsRole = ["arn:aws:iam::123456789012:role/store_sales_stg_lambda"]
      KeepState              = ["arn:aws:s3:::state/store-sales/stg/terraform.tfstate"]
      Key                    = ["arn:aws:kms:ap-south-1:123456789012:key/*"]
      KeyName                = ["arn:aws:kms:ap-south-1:123456789012:alias/store-sales-stg"]
      ListState              = ["arn:aws:s3:::state"]
      LockState              = ["arn:aws:s3:::state/store-sales/stg/terraform.tfstate.tflock"]
      LogGroup = [
        "arn:aws:logs:ap-south-1:123456789012:log-group:/aws/lambda/store_sales_stg",
        "arn:aws:logs:ap-south-1:123456789012:log-group:/aws/lambda/store_sales_stg:*",
      ]
      LogInToRegistry         = ["*"]
      MakeKey                 = ["*"]
      Objects                 = ["arn:aws:s3:::store-sales-failed-events-stg/*", "arn:aws:s3:::store-sales-models-stg/*"]
      ReadEventSourceMappings = ["arn:aws:lambda:ap-south-1:123456789012:event-source-mapping:*"]
      Repository              = ["arn:aws:ecr:ap-south-1:123456789012:repository/store_sales_stg"]
      Role                    = ["arn:aws:iam::123456789012:role/store_sales_stg_lambda"]
      Streams = [
        "arn:aws:kinesis:ap-south-1:123456789012:stream/sales-events-stg",
        "arn:aws:kinesis:ap-south-1:123456789012:stream/sales-predictions-stg",
      ]
      TagEventSourceMappings = ["arn:aws:lambda:ap-south-1:123456789012:event-source-mapping:*"]
      TagKey                 = ["arn:aws:kms:ap-south-1:123456789012:key/*"]
    })
    error_message = "A deployment may change resources other than the stage's: ${output.deploy_policy}"
  }

  assert {
    condition = alltrue(flatten([
      for policy in [output.deploy_policy, output.plan_policy] : [
        for statement in jsondecode(policy).Statement : [
          for action in flatten([statement.Action]) : !strcontains(action, "*") && !can(statement.NotAction) && !can(statement.NotResource)
        ]
      ]
    ]))
    error_message = "Actions must be named one by one."
  }

  # "*" only for actions that support no resources, or with a condition instead.
  assert {
    condition = alltrue([
      for statement in jsondecode(output.deploy_policy).Statement : contains(["LogInToRegistry", "ChangeEventSourceMappings", "FindKeyAndLimits", "MakeKey"], statement.Sid)
      if contains(flatten([statement.Resource]), "*")
      ]) && one([
      for statement in jsondecode(output.deploy_policy).Statement : statement.Condition if statement.Sid == "ChangeEventSourceMappings"
      ]) == {
      ArnLike = {
        "lambda:FunctionArn" = [
          "arn:aws:lambda:ap-south-1:123456789012:function:store_sales_stg",
          "arn:aws:lambda:ap-south-1:123456789012:function:store_sales_stg:*",
        ]
      }
    }
    error_message = "Mappings of other functions may be changed: ${output.deploy_policy}"
  }

  # Ids of keys are not known in advance, so the stage's tags are the limit.
  assert {
    condition = {
      for statement in jsondecode(output.deploy_policy).Statement : statement.Sid => statement.Condition
      if contains(["Key", "MakeKey", "TagKey"], statement.Sid)
      } == {
      Key     = { StringEquals = { "aws:ResourceTag/Project" = "store-sales", "aws:ResourceTag/Stage" = "stg" } }
      MakeKey = { StringEquals = { "aws:RequestTag/Project" = "store-sales", "aws:RequestTag/Stage" = "stg" } }
      TagKey = {
        StringEquals = { "aws:RequestTag/Project" = "store-sales", "aws:RequestTag/Stage" = "stg" }
        Null         = { "aws:ResourceTag/Stage" = "true" }
      }
      } && alltrue(flatten([
        for policy in [output.deploy_policy, output.plan_policy] : [
          for statement in jsondecode(policy).Statement : contains(["Key", "KeyName", "MakeKey", "TagKey", "FindKeyAndLimits"], statement.Sid)
          if anytrue([for action in flatten([statement.Action]) : startswith(action, "kms:")])
        ]
    ]))
    error_message = "A deployment may use keys of other stages: ${output.deploy_policy}"
  }

  assert {
    condition = [
      for statement in jsondecode(output.plan_policy).Statement : statement.Condition if statement.Sid == "Key"
    ] == [{ StringEquals = { "aws:ResourceTag/Project" = "store-sales", "aws:ResourceTag/Stage" = "stg" } }]
    error_message = "A plan may read keys of other stages: ${output.plan_policy}"
  }

  assert {
    condition = one([
      for statement in jsondecode(output.deploy_policy).Statement : [flatten([statement.Action]), statement.Condition]
      if contains(flatten([statement.Action]), "iam:PassRole")
    ]) == [["iam:PassRole"], { StringEquals = { "iam:PassedToService" = "lambda.amazonaws.com" } }]
    error_message = "The function's role may be passed to services other than Lambda: ${output.deploy_policy}"
  }

  assert {
    condition = alltrue(flatten([
      for statement in jsondecode(output.plan_policy).Statement : [
        for action in flatten([statement.Action]) : can(regex("^[a-z0-9]+:(Get|List|Describe)", action)) && !contains(
          ["kinesis:GetRecords", "kinesis:GetShardIterator", "logs:GetLogEvents"], action
        )
      ]
    ]))
    error_message = "A plan may change something, or read events: ${output.plan_policy}"
  }

  assert {
    condition = [
      for statement in jsondecode(output.plan_policy).Statement : flatten([statement.Resource])
      if contains(flatten([statement.Action]), "s3:GetObject")
    ] == [["arn:aws:s3:::state/store-sales/stg/terraform.tfstate"]]
    error_message = "A plan may read objects other than the state: ${output.plan_policy}"
  }

  assert {
    condition     = length(jsonencode(jsondecode(output.deploy_policy))) < 10240
    error_message = "The policy does not fit into a role: ${length(jsonencode(jsondecode(output.deploy_policy)))} characters of 10,240."
  }
}
