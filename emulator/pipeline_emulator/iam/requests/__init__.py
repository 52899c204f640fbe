"""From a request of a service's API to the actions, resources and condition keys that IAM evaluates.

As in AWS's service authorization reference,
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
Pure as the evaluator is; what only the state of the emulator tells comes through `call.Lookups`.
"""
