"""Lambda functions on LocalStack core: the Runtime API, the life of an execution environment, two executors.

`environment`, `session`, `runtime_api`, `reports`, `output` and `log_delivery` do not know how a runtime is run;
`process` runs it in a sandbox of this machine, `container` in a container of an image.
"""
