# The ways in. `make` lists them. Needs Python 3.11 or newer, pip and make; everything else lands in .venv.

PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8700
CLOUD_PORT ?= 4510
WHERE = --api-port $(PORT) --cloud-port $(CLOUD_PORT) $(if $(STATE),--state "$(STATE)") $(if $(HOME_FOLDER),--home "$(HOME_FOLDER)")

.DEFAULT_GOAL := help
.PHONY: help run demo reset test simulate chaos quick e2e push-killed mutants test-browser test-windows portable installer portable-journey bench lint format package deploy diff unlock audit rebuild restore-drill redrive reindex export erase cost count-operations load destroy clean

help: ## list the commands
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | awk -F '\t' '{printf "  make %-16s %s\n", $$1, $$2}'

SHARED = --numprocesses $(or $(PROCESSES),auto) --maxprocesses 4

INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check -r

.venv/.run: requirements.txt agent/requirements.txt local/requirements.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Backhaul needs Python 3.11 or newer, and $(PYTHON) is %d.%d: name another with `make PYTHON=python3.12 ...`" % sys.version_info[:2])'
	@$(PYTHON) -m venv .venv
	@echo "Installing what Backhaul needs into .venv (less than a minute, once)"
	@$(INSTALL) local/requirements.txt
	@touch $@

.venv/.test: .venv/.run requirements-dev.txt
	@echo "Installing what the tests need into .venv (less than a minute, once)"
	@$(INSTALL) requirements-dev.txt
	@touch $@

run: .venv/.run ## the whole system on this machine: the cloud, the app, a PC with ./home
	@$(BIN)/python -m local up $(WHERE)

demo: .venv/.run ## send sample files in at one end, compare the bytes at the other
	@$(BIN)/python -m local demo $(WHERE)

reset: .venv/.run ## forget the local cloud and start fresh; ./home stays
	@$(BIN)/python -m local reset $(if $(STATE),--state "$(STATE)")

test: .venv/.test ## all tests, the end-to-end run with real processes included; COVERED=1: hold what they run through to its floors
ifdef COVERED
	@mkdir -p build && $(BIN)/python -W ignore::RuntimeWarning -m slipcover --json --out build/coverage.json -m pytest $(SHARED)
	@$(BIN)/python -m tests.covered build/coverage.json
else
	@$(BIN)/python -m pytest $(SHARED)
endif

quick: .venv/.test ## the tests without the end-to-end run
	@$(BIN)/python -m pytest $(SHARED) -m "not e2e"

e2e: .venv/.test ## only the end-to-end run
	@$(BIN)/python -m pytest -m e2e

push-killed: .venv/.test ## a large file sent by `push`, killed again and again: make push-killed SIZE=2147483648 KILLS=5
	@PUSH_BYTES=$(or $(SIZE),2147483648) PUSH_KILLS=$(or $(KILLS),5) $(BIN)/python -m pytest tests/e2e/test_push.py -k killed

mutants: .venv/.test ## seed faults, one at a time: the tests named with each must notice; `ONLY=debts.toml`: some of them, `ONE_IN=5`: a fifth
	@$(BIN)/python -m tests.mutants $(ONLY) $(if $(ONE_IN),--one-in $(ONE_IN))

test-browser: .venv/.test ## the page in a real Chromium (installs it on Debian); pictures land in build/browser
	@PYTHON=$(BIN)/python bash tests/browser/run.sh

test-windows: .venv/.test ## the agent's tests on Windows Python under Wine (Debian; root or user namespaces)
	@PYTHON=$(BIN)/python bash tests/windows/run.sh

portable: .venv/.test ## the ZIP for a Windows PC without Python
	@$(BIN)/python -m shipping

installer: .venv/.test ## the installer for Windows, with or without rights (Debian, for NSIS)
	@$(BIN)/python -m shipping --installer

portable-journey: .venv/.test ## that ZIP from pairing to receipt, on the embedded cloud
	@PYTHON=$(BIN)/python bash tests/windows/run.sh --journey

bench: .venv/.test ## all figures as Markdown: make bench SIZE=full ROUNDS=5 [ONLY=small,photos or ONLY=cold,routes,cost,homeward,known,push]
	@$(BIN)/python -m bench --aws --size $(or $(SIZE),small) --rounds $(or $(ROUNDS),3) $(if $(ONLY),--only $(ONLY))
	@$(if $(filter tiny,$(SIZE))$(ONLY),true,$(BIN)/python -m bench.idle)
	@$(BIN)/python -m bench.sections --size $(or $(SIZE),small) $(if $(ONLY),--only $(ONLY))

lint: .venv/.test ## style, types and the template
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/cfn-lint infra/template.yaml

format: .venv/.test ## rewrite the code in the house's shape
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

package: .venv/.run ## what the zip for Lambda would hold; fails if a dependency is missing from it
	@$(BIN)/python -m infra.packaging

chaos: .venv/.test ## the whole system with real processes while everything fails, 200 files: make chaos FILES=10000 SEED=7
	@$(BIN)/python -m tests.chaos $(if $(FILES),--files $(FILES)) $(if $(SEED),--seed $(SEED)) $(if $(MINUTES),--minutes $(MINUTES))

simulate: .venv/.test ## many more schedules of everything that may happen than the tests run: make simulate SEEDS=100000
	@SIMULATE_SEEDS=$(or $(SEEDS),20000) $(BIN)/python -m pytest $(SHARED) tests/simulation/test_simulation.py

deploy: .venv/.run ## put a stage up in your AWS account: make deploy STAGE=dev ALARM_EMAIL=me@example.com [MONTHLY_BUDGET=10 ALARMS=off DASHBOARD=off TIERING_AFTER_DAYS=45]
	@$(BIN)/python -m infra deploy --stage "$(STAGE)" $(if $(ALARM_EMAIL),--alarm-email "$(ALARM_EMAIL)") $(if $(ALARMS),--alarms "$(ALARMS)") $(if $(MONTHLY_BUDGET),--monthly-budget "$(MONTHLY_BUDGET)") $(if $(DASHBOARD),--show-dashboard "$(DASHBOARD)") $(if $(SIGN_UP),--sign-up "$(SIGN_UP)") $(if $(MAIL_FROM),--mail-from "$(MAIL_FROM)") $(if $(TIERING_AFTER_DAYS),--tiering-after-days "$(TIERING_AFTER_DAYS)") $(if $(CHANGE_PYTHON),--change-python)

diff: .venv/.run ## what a deploy would change, without changing anything: make diff STAGE=dev
	@$(BIN)/python -m infra diff --stage "$(STAGE)"

unlock: .venv/.run ## break the lock of a deploy that died: make unlock STAGE=dev
	@$(BIN)/python -m infra unlock --stage "$(STAGE)"

audit: .venv/.run ## compare ledger and bucket of a stage: make audit STAGE=dev [OWNER=id] [MEND=1] [TAGS=1]
	@$(BIN)/python -m admin audit --stage "$(STAGE)" $(if $(OWNER),--owner "$(OWNER)") $(if $(MEND),--mend) $(if $(TAGS),--tags)

rebuild: .venv/.run ## after the table was lost: write down what the bucket holds: make rebuild STAGE=dev [OWNER=id]
	@$(BIN)/python -m admin rebuild --stage "$(STAGE)" $(if $(OWNER),--owner "$(OWNER)")

restore-drill: .venv/.test ## lose the table on the embedded cloud, and get everything back
	@$(BIN)/python -m pytest -q tests/e2e/test_restore.py

redrive: .venv/.run ## send dead letters back where they belong: make redrive STAGE=dev [QUEUE=arrivals-dead]
	@$(BIN)/python -m admin redrive --stage "$(STAGE)" $(if $(QUEUE),--queue "$(QUEUE)")

reindex: .venv/.run ## put right what files are found by: make reindex STAGE=dev [OWNER=id]
	@$(BIN)/python -m admin reindex --stage "$(STAGE)" $(if $(OWNER),--owner "$(OWNER)")

destroy: .venv/.run ## take a stage down; asks before it deletes data: make destroy STAGE=dev
	@$(BIN)/python -m infra destroy --stage "$(STAGE)"

export: .venv/.run ## all of an owner's data into a folder: make export STAGE=dev OWNER=id TO=folder [LINKS=1]
	@$(BIN)/python -m admin export --stage "$(STAGE)" --owner "$(OWNER)" --to "$(TO)" $(if $(LINKS),--links)

erase: .venv/.run ## erase all of an owner's data from a stage; asks before: make erase STAGE=dev OWNER=id
	@$(BIN)/python -m admin erase --stage "$(STAGE)" --owner "$(OWNER)"

cost: .venv/.run ## what files cost, next to a simple design: make cost FILES=10000 MB=3 PCS=1 MONTHS=1 [REGION=eu-central-1]
	@$(BIN)/python -m admin.cost $(if $(FILES),--files $(FILES)) $(if $(MB),--mb $(MB)) $(if $(PCS),--pcs $(PCS)) $(if $(MONTHS),--months $(MONTHS)) $(if $(REGION),--region $(REGION))

count-operations: .venv/.test ## count what a file asks of AWS, on the embedded cloud too: make count-operations [ONLY=moto]
	@$(BIN)/python -m bench.operations $(if $(ONLY),--only-moto)

load: .venv/.test ## what requests ask of the table, for an owner with 1,000 and with 100,000 files
	@$(BIN)/python -m bench.load $(if $(FILES),--files $(FILES))

clean: ## remove what the tools left behind; your data, .local and ./home, stays
	rm -rf .venv build .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
