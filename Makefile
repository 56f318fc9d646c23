# `make demo` and `make test` set up what is missing and do the rest.
CARGO ?= cargo

.PHONY: test test-tmux setup demo test-real bench chaos fuzz

test: setup
	$(CARGO) test --locked

# The integration tests on the tmux of other Debian releases, unpacked privately under target/tmux: 3.5a and the newest.
TMUX_FROM ?= trixie sid
test-tmux: setup
	for release in $(TMUX_FROM); do \
	  tmux=$$(./.ci/tmux-versions $$release) || exit $$?; \
	  echo "== $$($$tmux -V)"; \
	  PATH="$${tmux%/*}:$$PATH" SWARM_TMUX=$$tmux $(CARGO) test --locked --test it || exit $$?; \
	done

# Six simulated agents in a place of their own; with no terminal on stdin it runs for a while, prints and ends.
demo: setup
	$(CARGO) run --locked --quiet -- demo

# The real agent CLIs in panes, driven by the scripted endpoint ($$SCRIPTED_LLM); writes the reports in tests/real, where a
# README says what each part is. All parts run, also after one that failed.
REAL = $(wildcard $(addprefix tests/real/,run.py cost.py deliver.py answer.py handoff.py mcp.py))
test-real: setup
	$(CARGO) build --locked --quiet
	bad=0; for part in $(REAL); do python3 $$part || bad=1; done; exit $$bad

# Messages through random ends: 10,000 schedules of the core, 200 kills of the monitor, the agent and tmux itself, and
# 1,000 hostile texts into a pane that records them. Prints seeds and counts; SWARM_CHAOS_SEED=N repeats one schedule.
chaos: setup
	SWARM_CHAOS=$${SWARM_CHAOS:-10000} $(CARGO) test --locked --release --lib state::chaos -- --nocapture
	SWARM_CHAOS_TMUX=$${SWARM_CHAOS_TMUX:-200} $(CARGO) test --locked --release --test it handoff::the_monitor -- --nocapture
	SWARM_ADVERSARIAL=$${SWARM_ADVERSARIAL:-1000} $(CARGO) test --locked --release --test it adversarial -- --nocapture

# All in release and in ratios. `SWARM_BENCH=start,cpu,latency` chooses parts of the monitor's. Then reading, booking and
# reporting 545 MB of transcripts, beside ccusage where npm can get it.
CCUSAGE = target/ccusage/node_modules/@ccusage/ccusage-linux-x64/bin/ccusage
bench: setup
	$(CARGO) bench --locked --bench control --bench overview --bench monitor
	-npm install --silent --prefix target/ccusage ccusage@20.0.24 @ccusage/ccusage-linux-x64@20.0.24 && chmod +x $(CCUSAGE)
	$(CARGO) bench --locked --bench ingest -- --ccusage $(CCUSAGE)

setup:
	./.ci/setup

# Arbitrary bytes into everything that reads other people's, beginning with what was recorded; one minute a target. With
# nightly Rust (for the sanitizer) and cargo-fuzz. `FUZZ=transcript` runs one target, `FUZZ_SECONDS=600` longer.
FUZZ_SECONDS ?= 60
FUZZ_CARGO ?= $(CARGO) +nightly
FUZZ_BUILD ?= -O
FUZZ ?= $$($(FUZZ_CARGO) fuzz list)
fuzz:
	@$(FUZZ_CARGO) --version >/dev/null 2>&1 || { \
	  echo "make fuzz: \`$(FUZZ_CARGO)\` does not run: nightly Rust is missing." >&2; \
	  echo "  rustup toolchain install nightly --profile minimal" >&2; \
	  echo "or, without a sanitizer, with the Rust there is:" >&2; \
	  echo "  RUSTC_BOOTSTRAP=1 make fuzz FUZZ_CARGO=cargo FUZZ_BUILD='-O -s none'" >&2; exit 1; }
	@command -v cargo-fuzz >/dev/null || $(CARGO) install --locked cargo-fuzz || { \
	  echo "make fuzz: cargo-fuzz is missing, and \`cargo install cargo-fuzz\` failed" >&2; exit 1; }
	cd fuzz && for target in $(FUZZ); do \
	  case $$target in \
	    terminal) seeds="osc replay" ;; hook) seeds="hooks statusline" ;; status_file) seeds=status_files ;; \
	    transcript) seeds="turns transcripts" ;; screen) seeds=screens ;; *) seeds=$$target ;; \
	  esac; \
	  mkdir -p corpus/$$target; echo "== $$target"; \
	  $(FUZZ_CARGO) fuzz run $(FUZZ_BUILD) $$target corpus/$$target $$(printf '../tests/data/%s ' $$seeds) -- \
	    -max_total_time=$(FUZZ_SECONDS) -max_len=32768 -rss_limit_mb=2048 -timeout=5 -print_final_stats=1 || exit 1; done
