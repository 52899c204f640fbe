"""Lambda functions on LocalStack core: the Runtime API, execution environments and two executors.

`environment`, `session`, `runtime_api`, `reports`, `output` and `log_delivery` are independent of how a runtime runs:
`process` runs it in a sandbox on this machine, `container` in a container.
"""
