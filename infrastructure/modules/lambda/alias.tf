# What the event source mapping invokes: a deployment publishes a version and moves this alias to it, a roll-back moves it
# to an earlier one, and neither touches the mapping, which would lose its place in the stream if it were made anew.
resource "aws_lambda_alias" "live" {
  depends_on = [data.aws_lambda_function.pinned]

  name             = "live"
  description      = "The version that answers the events."
  function_name    = aws_lambda_function.this.function_name
  function_version = coalesce(var.live_version, aws_lambda_function.this.version)
}

# A version that does not exist is refused by the plan, before anything is changed. By name, not through the resource:
# what depends on a resource that changes is read only after the change.
data "aws_lambda_function" "pinned" {
  count = var.live_version == null ? 0 : 1

  function_name = var.name
  qualifier     = var.live_version
}
