# Every habit of the house. `make help` lists them.
SHELL := /bin/bash
PYTHON := .venv/bin/python
SECONDS ?= 20
ARGS ?=

.DEFAULT_GOAL := help

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: ## start netwatch; ARGS="read FILE" for more
	@./netwatch.sh $(ARGS)

.PHONY: test
test: ## run the tests; ARGS="-k dns" for some of them
	@./test.sh $(ARGS)

.PHONY: matrix
matrix: ## every pair of options of `read` over every capture, some ten minutes
	@NETWATCH_MATRIX=1 ./test.sh tests/cli/test_cli_together.py -q $(ARGS)

.PHONY: lint
lint: ## ruff, cython-lint and mypy over the whole tree
	@. tools/prepare.sh && ready lint
	.venv/bin/ruff check .
	PATH=$$PWD/.venv/bin:$$PATH .venv/bin/cython-lint netwatch
	.venv/bin/mypy

.PHONY: lossy
lossy: ## 1,000 talks of each of four protocols over a lossy link between namespaces, as root; LOSSY=200 for fewer
	NETWATCH_LOSSY=$(or $(LOSSY),1000) ./test.sh tests/live/test_live_lossy.py -s $(ARGS)

.PHONY: fuzz
.PHONY: busy
busy: ## a busy link that is well for BUSY_S=600 seconds, between namespaces, as root: diagnose names nothing
	NETWATCH_BUSY_S=$(or $(BUSY_S),600) ./test.sh tests/diagnose -k busy

fuzz: ## every fuzz target for SECONDS=20 each, from SEED=0 (another one every time)
	@./fuzz/run.sh $(or $(SECONDS),20) $(or $(SEED),0)

.PHONY: asan
asan: ## captures, attacks and fuzz targets, SECONDS=20 each, with sanitizers, in a copy; ASAN_MODULES=parse,streams: those alone
	@./fuzz/asan.sh $(SECONDS)

.PHONY: mutants
mutants: ## captures whose packets are changed, read with options at random, SECONDS=600, with sanitizers; after `make asan`
	@cd .build/asan && ../../.venv/bin/python fuzz/mutator.py $(or $(SECONDS),600) $(or $(SEED),1) --sanitized

.PHONY: bench
bench: ## whole programs on generated captures; a quick look: ARGS="--size quick -n 1"
	@. tools/prepare.sh && ready ""
	$(PYTHON) -m bench.run $(ARGS)

.PHONY: bench-freeze
bench-freeze: ## is every packet in what the flight recorder froze, at 100,000 a second on a veth; as root
	@. tools/prepare.sh && ready ""
	$(PYTHON) -m bench.freeze $(ARGS)

.PHONY: bench-history
bench-history: ## what 24 hours of 5,000 flows by the second take, and how soon a moment is there; STATE=FOLDER of a disk
	@. tools/prepare.sh && ready ""
	$(PYTHON) -m bench.history $(if $(STATE),--state $(STATE)) $(ARGS)

.PHONY: bench-agent
bench-agent: ## half an hour of the agent at 100,000 packets and 1,000 new flows a second; as root; MINUTES=10: shorter
	@. tools/prepare.sh && ready ""
	$(PYTHON) -m bench.agent --seconds $$(( $(or $(MINUTES),30) * 60 )) --every 60

.PHONY: monkey
monkey: ## 100,000 random keys from five seeds at a file and, as root, at the loopback interface; some 4 minutes
	@. tools/prepare.sh && ready test
	@for seed in 1 2 3; do $(PYTHON) -m tests.ui.monkey 20000 $$seed -r $$PWD/docs/tour.pcap || exit 1; done
	@for seed in 4 5; do $(PYTHON) -m tests.ui.monkey 20000 $$seed -i lo || exit 1; done

.PHONY: golden
golden: ## write the golden screens and records anew, and the pages that name them; look at the diff before you commit
	NETWATCH_GOLDEN=1 ./test.sh tests/ui/test_connections.py tests/golden tests/captures
	$(PYTHON) tools/make_reference.py
	git diff --stat tests/ui/golden tests/golden tests/captures docs

.PHONY: docs
docs: ## write the reference pages of fields, filters and protocols
	@. tools/prepare.sh && ready ""
	$(PYTHON) tools/make_reference.py

.PHONY: bpf
bpf: ## compile the BPF object in the tree anew; needs clang, llvm, libbpf-dev
	$(PYTHON) build/bpf.py

.PHONY: stubs
stubs: ## write the .pyi beside every compiled module
	@. tools/prepare.sh && ready ""
	$(PYTHON) tools/make_stubs.py

.PHONY: wheel
wheel: ## dist/netwatch-*.whl
	@packaging/wheel.sh

.PHONY: wheels
wheels: ## dist/netwatch-*-manylinux_*.whl, one for each Python that is here
	@packaging/wheels.sh

.PHONY: sdist
sdist: ## dist/netwatch-VERSION.tar.gz, the sources
	@packaging/sdist.sh

.PHONY: formula
formula: ## dist/netwatch.rb, for Homebrew
	@packaging/formula.sh

.PHONY: locked
locked: ## packaging/requirements.txt anew: what a bundle is made of, with its sums
	@packaging/locked.sh

.PHONY: bundle
bundle: ## dist/netwatch/ and dist/netwatch-portable, by PyInstaller
	@packaging/bundle.sh

.PHONY: deb
deb: ## dist/netwatch_*.deb
	@packaging/deb.sh

.PHONY: apt-repo
apt-repo: ## dist/apt/, a signed repository of it
	@packaging/apt-repo.sh

.PHONY: rpm
rpm: ## dist/netwatch-*.rpm, signed, and dist/yum/, a repository of it
	@packaging/rpm.sh

.PHONY: msi
msi: ## dist/netwatch-*.msi of the bundle that Windows made; without one, of text in its place
	@packaging/msi.sh

.PHONY: dmg
dmg: ## dist/netwatch-*.dmg on macOS; elsewhere its layout
	@packaging/dmg.sh

.PHONY: sbom
sbom: ## dist/netwatch-*.cdx.json: what the bundle is made of
	@packaging/sbom.sh

.PHONY: airgap
airgap: ## dist/netwatch-*-airgap-*.tar.gz: everything for a machine without a network
	@packaging/airgap.sh

.PHONY: image
image: ## dist/netwatch-*-image.tar, an OCI image; as root
	@packaging/image.sh

.PHONY: sums
sums: ## dist/SHA256SUMS of what is handed out, signed
	@packaging/sums.sh

.PHONY: packages
packages: wheel bundle deb apt-repo rpm sdist formula sbom airgap sums ## all that Linux is given, but the image

.PHONY: packages-test
packages-test: ## install, use, upgrade and purge the packages in a minimal Debian without a network; as root
	@packaging/packages-test.sh

.PHONY: ci
ci: ## what a change must pass, as the server runs it
	@.ci/run

.PHONY: clean
clean: ## remove what was built; the next start compiles all of it again
	rm -rf .build .venv/.built *.egg-info
	find netwatch bench -name '*.so' -delete
	find . -path ./.venv -prune -o -name __pycache__ -type d -exec rm -rf {} +
