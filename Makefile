# Every target is one call of the `pipeline` command, which documents itself: `.venv/bin/pipeline --help`.
# `make` alone lists the everyday targets: those with a text behind "##".
.DEFAULT_GOAL := help
.PHONY: help setup local-up local-down local-status local-logs dashboard train send watch verify chaos failed-events redrive \
        test check rehearse-stg deploy-stg debug outputs ecr-login iam-denials soak report save load snapshots \
        test-all e2e unit terraform-test stages-test emulator-test privileges-test format \
        plan-stg plan-prod deploy-prod smoke-stg smoke-prod compare-stg compare-prod destroy-stg destroy-prod unlock-stg unlock-prod \
        promote rollback bench bench-iam conformance fidelity peers cost capacity sbom audit lock docs clean

# Many machines set this. Each command and test would then compile every module that it imports.
unexport PYTHONDONTWRITEBYTECODE

# Make passes the variables on: `make send COUNT=100` is `COUNT=100 pipeline send`.
RUN = @scripts/bootstrap.sh && exec .venv/bin/pipeline

help:
	@echo 'usage: make <target> [VARIABLE=value]'
	@echo
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@printf '\nEverything else, and all variables: .venv/bin/pipeline --help (after make setup), docs/settings.md\n'

setup: ## Install everything the pipeline needs (pinned, hash-checked)
	$(RUN) setup

local-up: ## Start the pipeline on this machine and answer one event [WATCH=1] [RUNTIME=embedded|docker]
	$(RUN) local-up

local-down: ## Stop the pipeline and remove everything it made
	$(RUN) local-down

local-status: ## Show what runs and whether it is healthy
	$(RUN) local-status

local-logs: ## Show the function's log [FOLLOW=1]
	$(RUN) local-logs

train: ## Train a model [DATA=file.csv, DATA=default]
	$(RUN) train

send: ## Put events on the source stream [FILE=events.jsonl] [COUNT=10] [RATE=per second]
	$(RUN) send

watch: ## Show what happens and each prediction, until Ctrl-C
	$(RUN) watch

verify: ## Put events and give a verdict on each [COUNT=500] [RATE=per second]
	$(RUN) verify

chaos: ## The same under a seeded schedule of faults [SEED=7] [SEEDS=1-100] [COUNT=2000]
	$(RUN) chaos

failed-events: ## List failed events with their reasons
	$(RUN) failed-events

redrive: ## Put failed events back on the source stream
	$(RUN) redrive

test: ## Run the tests that every change must pass
	$(RUN) test

check: ## Run every static check: formatters, linters, types, policies
	$(RUN) check

rehearse-stg: ## Rehearse the whole of deploy-stg against an empty LocalStack; no account needed
	$(RUN) rehearse

deploy-stg: ## Check, plan, ask, apply to AWS, and smoke-test [YES=1]
	$(RUN) deploy stg

# Not listed: the targets of which `pipeline --help` has more.

dashboard debug outputs ecr-login iam-denials soak report save load snapshots:
	$(RUN) $@

test-all e2e unit terraform-test stages-test emulator-test privileges-test:
	$(RUN) $@

plan-stg plan-prod:
	$(RUN) plan $(@:plan-%=%)

deploy-prod:
	$(RUN) deploy prod

smoke-stg smoke-prod:
	$(RUN) smoke $(@:smoke-%=%)

compare-stg compare-prod:
	$(RUN) compare $(@:compare-%=%)

destroy-stg destroy-prod:
	$(RUN) destroy $(@:destroy-%=%)

unlock-stg unlock-prod:
	$(RUN) unlock $(@:unlock-%=%)

promote rollback cost capacity sbom audit format lock docs:
	$(RUN) $@

bench bench-iam conformance fidelity peers:
	$(RUN) $@

clean: # a checkout that is clean already is not set up to be cleaned
	@test ! -e .venv -a ! -e .cache -a ! -e .local || { scripts/bootstrap.sh && exec .venv/bin/pipeline clean; }
