# Every target is one call of the harness (scripts/harness); `make` alone prints this help.
.DEFAULT_GOAL := help
.PHONY: help setup local-up local-down local-status local-logs iam-denials outputs ecr-login train send watch failed-events redrive verify chaos soak \
        test test-all e2e unit terraform-test stages-test emulator-test privileges-test check format bench bench-iam conformance fidelity cost sbom audit lock clean \
        rehearse-stg plan-stg plan-prod deploy-stg deploy-prod smoke-stg smoke-prod destroy-stg destroy-prod unlock-stg unlock-prod \
        promote rollback

export RUNTIME LOCALSTACK_PORT PERSISTENCE FAULTS DATA FILE COUNT RATE FOLLOW SEED SEEDS PYTHON TARGETS EVENTS FROM YES
export IAM_ENFORCEMENT IMAGE OSV_URL ADVISORIES DURATION_MS MODEL STAGE SHADOW VERSION LOCK WRITE ACTIONS
HARNESS = @scripts/bootstrap.sh && exec .venv/bin/pipeline

help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "; print "usage: make <target> [VARIABLE=value]\n"} /^[a-z0-9 -]+:.*## / {printf "  %-25s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@printf '\nsettings: RUNTIME=%s LOCALSTACK_PORT=%s\n' "$(or $(RUNTIME),docker if an engine answers (else embedded))" "$(or $(LOCALSTACK_PORT),4566)"

setup: ## Install everything the pipeline needs (pinned, hash-checked)
	$(HARNESS) setup

local-up: ## Start the pipeline on this machine and answer one event [PERSISTENCE=1: streams outlive LocalStack]
	$(HARNESS) local-up

local-down: ## Stop the pipeline; nothing of it is left
	$(HARNESS) local-down

local-status: ## Show what runs
	$(HARNESS) local-status

local-logs: ## Show the function's log [FOLLOW=1]
	$(HARNESS) local-logs

iam-denials: ## List what IAM did not allow, with the policies that decided
	$(HARNESS) iam-denials

outputs: ## Print the stack's outputs as JSON (make -s outputs)
	$(HARNESS) outputs

ecr-login: ## Log docker in to the stack's ECR, to pull its images and push others
	$(HARNESS) ecr-login

train: ## Train a model [DATA=file.csv]
	$(HARNESS) train

send: ## Put events on the source stream [FILE=events.jsonl] [COUNT=10] [RATE=per second]
	$(HARNESS) send

watch: ## Follow the predictions until Ctrl-C
	$(HARNESS) watch

failed-events: ## List failed events with their reasons
	$(HARNESS) failed-events

redrive: ## Put failed events back on the source stream
	$(HARNESS) redrive

verify: ## Put events and give a verdict on each [COUNT=500] [RATE=per second]
	$(HARNESS) verify

chaos: ## The same under a seeded schedule of faults [SEED=… | SEEDS=100, SEEDS=7-12] [COUNT=2000]
	$(HARNESS) chaos

soak: ## The same with many events at the highest rate it holds; memory [COUNT=200000] [RATE=per second] [SEED=…]
	$(HARNESS) soak

test: ## Static checks, unit, Terraform and emulator tests, the end-to-end suite
	$(HARNESS) suite test

test-all: ## The same and the long proofs: each permission removed, kills, interrupted stages, conformance, chaos
	$(HARNESS) suite test-all

e2e: ## The end-to-end suite alone, in a stack of its own
	$(HARNESS) suite e2e

unit: ## Unit tests of the harness, the service and the image build
	$(HARNESS) suite unit

terraform-test: ## terraform validate and terraform test
	$(HARNESS) suite terraform-test

stages-test: ## Deployments of a stage that go wrong on the way, against a LocalStack
	$(HARNESS) suite stages

privileges-test: ## Least privilege of the function's role and of the deployer [ACTIONS=all | names] [SEED=…] [WRITE=1: to the docs]
	$(HARNESS) suite privileges

emulator-test: ## The emulator's tests against LocalStacks and containers of their own
	$(HARNESS) suite emulator-test

check: ## Formatters, linters, types
	$(HARNESS) suite check

format: ## Format Python and Terraform
	@scripts/bootstrap.sh && .venv/bin/ruff format --quiet . && .venv/bin/ruff check --quiet --fix . && terraform fmt -recursive infrastructure

promote: ## Check a registered model and make it a stage's [MODEL=version|run id|alias STAGE=local|stg|prod SHADOW=1]
	$(HARNESS) promote

rollback: ## Real AWS: an earlier function version with its model serves again [STAGE=stg|prod VERSION=number|latest]
	$(HARNESS) rollback

rehearse-stg: ## The whole of deploy-stg against an empty LocalStack, without an account [FROM=commit to upgrade from]
	$(HARNESS) rehearse

plan-stg plan-prod: ## Real AWS: show what a deployment would change; changes nothing
	$(HARNESS) stage plan $(@:plan-%=%)

deploy-stg deploy-prod: ## Real AWS: check, plan, ask, apply that plan, smoke-test [YES=1]
	$(HARNESS) stage deploy $(@:deploy-%=%)

smoke-stg smoke-prod: ## Real AWS: a few events through the stage, with the ledger's verdict
	$(HARNESS) stage smoke $(@:smoke-%=%)

destroy-stg destroy-prod: ## Real AWS: name what would be deleted, ask, delete it; the state bucket stays
	$(HARNESS) stage destroy $(@:destroy-%=%)

unlock-stg unlock-prod: ## Real AWS: lift a lock that a killed run left on the state [LOCK=id]
	$(HARNESS) stage unlock $(@:unlock-%=%)

bench: ## Measure both runtimes beside other emulators [TARGETS=embedded,docker,ministack,core] [EVENTS=10000,100000]
	$(HARNESS) bench

bench-iam: ## Measure what authorizing every request costs: IAM_ENFORCEMENT=on beside off
	$(HARNESS) bench-iam

conformance: ## Run the mapping's conformance suite on this and other emulators [TARGETS=ours,core,ministack,localemu]
	$(HARNESS) conformance

fidelity: ## What the emulator does with each attribute that Terraform sets: enforced, emulated, ignored [WRITE=1: to the docs]
	$(HARNESS) fidelity

cost: ## What a stage costs per month on AWS [RATE=events per second] [STAGE=stg] [DURATION_MS=of an invocation]
	$(HARNESS) cost

sbom: ## Write the CycloneDX bill of materials of the function's image [IMAGE=another]
	$(HARNESS) sbom

audit: ## Look for known vulnerabilities of all that is locked [OSV_URL=own server] [ADVISORIES=optional]
	$(HARNESS) audit

lock: ## Resolve all dependencies anew and write the lock files
	@scripts/bootstrap.sh && scripts/lock.sh

clean: ## Stop everything; remove environments, downloads, builds, images and trained models
	$(HARNESS) down-all && rm -rf .venv .cache
