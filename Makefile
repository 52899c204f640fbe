# Every target is one call of the `pipeline` command, which documents itself: `.venv/bin/pipeline --help`.
# `make` alone lists the everyday targets: those with a text behind "##".
.DEFAULT_GOAL := help
.PHONY: help setup local-up local-down local-status local-logs train send watch verify chaos failed-events redrive \
        test check rehearse-stg deploy-stg outputs ecr-login iam-denials soak \
        test-all e2e unit terraform-test stages-test emulator-test privileges-test format \
        plan-stg plan-prod deploy-prod smoke-stg smoke-prod destroy-stg destroy-prod unlock-stg unlock-prod \
        promote rollback bench bench-iam conformance fidelity cost sbom audit lock clean

# Many machines set this. Each command and test would then compile every module that it imports.
unexport PYTHONDONTWRITEBYTECODE

# Make passes the variables on: `make send COUNT=100` is `COUNT=100 pipeline send`.
PIPELINE = @scripts/bootstrap.sh && exec .venv/bin/pipeline

help:
	@echo 'usage: make <target> [VARIABLE=value]'
	@echo
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@printf '\nEverything else, and all variables: .venv/bin/pipeline --help (after make setup), docs/settings.md\n'

setup: ## Install everything the pipeline needs (pinned, hash-checked)
	$(PIPELINE) setup

local-up: ## Start the pipeline on this machine and answer one event [RUNTIME=embedded|docker]
	$(PIPELINE) local-up

local-down: ## Stop the pipeline and remove everything it made
	$(PIPELINE) local-down

local-status: ## Show what runs and whether it is healthy
	$(PIPELINE) local-status

local-logs: ## Show the function's log [FOLLOW=1]
	$(PIPELINE) local-logs

train: ## Train a model [DATA=file.csv, DATA=default]
	$(PIPELINE) train

send: ## Put events on the source stream [FILE=events.jsonl] [COUNT=10] [RATE=per second]
	$(PIPELINE) send

watch: ## Print predictions as they arrive, until Ctrl-C
	$(PIPELINE) watch

verify: ## Put events and give a verdict on each [COUNT=500] [RATE=per second]
	$(PIPELINE) verify

chaos: ## The same under a seeded schedule of faults [SEED=7] [SEEDS=1-100] [COUNT=2000]
	$(PIPELINE) chaos

failed-events: ## List failed events with their reasons
	$(PIPELINE) failed-events

redrive: ## Put failed events back on the source stream
	$(PIPELINE) redrive

test: ## Run the tests that every change must pass
	$(PIPELINE) test

check: ## Run every static check: formatters, linters, types, policies
	$(PIPELINE) check

rehearse-stg: ## Rehearse the whole of deploy-stg against an empty LocalStack; no account needed
	$(PIPELINE) rehearse

deploy-stg: ## Check, plan, ask, apply to AWS, and smoke-test [YES=1]
	$(PIPELINE) deploy stg

# Not listed: the targets of which `pipeline --help` has more.

outputs ecr-login iam-denials soak:
	$(PIPELINE) $@

test-all e2e unit terraform-test stages-test emulator-test privileges-test:
	$(PIPELINE) $@

plan-stg plan-prod:
	$(PIPELINE) plan $(@:plan-%=%)

deploy-prod:
	$(PIPELINE) deploy prod

smoke-stg smoke-prod:
	$(PIPELINE) smoke $(@:smoke-%=%)

destroy-stg destroy-prod:
	$(PIPELINE) destroy $(@:destroy-%=%)

unlock-stg unlock-prod:
	$(PIPELINE) unlock $(@:unlock-%=%)

promote rollback cost sbom audit format lock:
	$(PIPELINE) $@

bench bench-iam conformance fidelity:
	$(PIPELINE) $@

clean: # a checkout that is clean already is not set up to be cleaned
	@test ! -e .venv -a ! -e .cache -a ! -e .local || { scripts/bootstrap.sh && exec .venv/bin/pipeline clean; }
