"""The harness behind the Makefile: sets up, runs, tests and deploys the store-sales pipeline.

Each package imports only from those below it (pyproject.toml, import-linter):

cli                              the `pipeline` command
cost, rollout                    monthly costs; promotion and rollback of models
chaos, stages, suites, supply    faults under load; stages on AWS; the test suites; SBOM and audit
local                            a stack on this machine, as processes or in containers
ledger, model, terraform         the delivery ledger; training and checks; Terraform on a working copy
failed, setup                    failed events; installation
stack, streams                   a stack's state and clients; Kinesis
machine                          programs, processes, files, environment variables, the container engine
"""
