"""Maps a service's API request to the actions, resources and condition keys that IAM evaluates.

Each service has one module, however small. They follow AWS's service authorization reference:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
Like the evaluator they do not depend on LocalStack; they read the emulator's state through `call.Lookups`.
"""
