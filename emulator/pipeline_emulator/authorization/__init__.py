"""Authorization of requests: what `pipeline_emulator.iam` decides, from the state of this LocalStack.

`handler` asks for every request over HTTP, `execution_role` for what Lambda does with a function's role. Who uses the
account's root credentials (`test`) may do everything, as everywhere in LocalStack.
"""
