# The ways into realface. `make demo` and `make test` do all of their own set-up on a fresh Debian 12 machine.
#
#   make build [CUDA=1|0]      the program, build/realface
#   make test                  every test
#   make test-python           what goes out, beside torch, timm and transformers themselves, and examples/python
#   make demo [SYSTEM=recap] [VIDEOS=DIR]   a dataset, a detector trained on 2 ranks, a resume and a report
#   make results [SYSTEMS="cnn recap"] [SEEDS="1 2 3"]   trained on all manipulations, and on all but one, on hard drawings; hours
#   make install [PREFIX=/usr/local] [DESTDIR=]   the program and its recipes; libtorch stays in .deps/
#   make compare               speed beside PyTorch's own DDP
#   make fuzz [SECONDS=600]    the decoders of frames and masks, then the reader of weights, under libFuzzer
#   make compare-data          speed of the data path beside h5py, DataLoader, WebDataset, OpenCV, dlib
#   make gpu-bundle            out/gpu-bundle.tar.xz: program and tests for a machine with a GPU and Python's torch (tests/gpu/run.sh)
#   make format check tidy     formatting, the format check, clang-tidy

SHELL := /bin/bash
VARIANT := $(shell cmake/setup/variant.sh)
# The other variant may take the same tree: what does not know of GPUs is not compiled again.
BUILD ?= build
# Half the time of a first build; UNITY=OFF or a preset is quicker after an edit.
UNITY ?= ON
CONFIGURE := -DCMAKE_BUILD_TYPE=Release -DREALFACE_LIBTORCH=$(CURDIR)/.deps/libtorch-$(VARIANT) -DREALFACE_UNITY=$(UNITY)
JOBS ?= $(shell nproc)
# The program alone, unless a goal needs the tests too.
TARGET := realface
export SEEDS
export OMPI_ALLOW_RUN_AS_ROOT := 1
export OMPI_ALLOW_RUN_AS_ROOT_CONFIRM := 1

.PHONY: build test test-python demo results gpu-bundle install compare compare-data fuzz format check tidy setup clean

build: setup
	@$(MAKE) --no-print-directory OPTIONS="$(OPTIONS)" $(BUILD)/.configured
	@cmake --build $(BUILD) -j $(JOBS) --target $(TARGET)

setup:
	@cmake/setup/setup.sh $(SETUP)

# CMake configures again by itself when one of its files changes; only another variant or option needs a new configuration, which then decides
# anew what follows from the variant.
$(BUILD)/.configured: FORCE
	@[ "$$(cat $@ 2>/dev/null)" = "$(CONFIGURE) $(OPTIONS)" ] || { \
	  cmake -S . -B $(BUILD) -G Ninja -U REALFACE_NCCL -U Libtorch_ROOT $(CONFIGURE) $(OPTIONS) && echo "$(CONFIGURE) $(OPTIONS)" >$@; }
FORCE:

test: SETUP := --test
test: TARGET := all
test: build
	@ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS) $(CTEST)

# PYTHON may name another Python 3.11 that has the packages of benchmarks/requirements.txt and torch; nothing is fetched then.
test-python: SETUP := --test
test-python: TARGET := realface network_outputs
test-python: build
	@[ -n "$(PYTHON)" ] || benchmarks/python_side.sh
	@$(if $(PYTHON),,PYTHONPATH=$(CURDIR)/.deps/libtorch-cuda:$(CURDIR)/.deps/python) REALFACE_PROGRAM=$(CURDIR)/$(BUILD)/realface \
	  REALFACE_OUTPUTS=$(CURDIR)/$(BUILD)/tests/python/network_outputs $(or $(PYTHON),python3) tests/python/weights_out_test.py

SYSTEM ?= recap
demo: build
	@examples/demo/demo.sh $(BUILD)/realface $(SYSTEM) $(VIDEOS)

results: build
	@examples/results/results.sh $(BUILD)/realface $(SYSTEMS)

# Beside the usual build, which draws the bundle's shards: one with NCCL and without video.
gpu-bundle: SETUP := --test
gpu-bundle: build
	@CUDA=1 cmake/setup/setup.sh --test
	@cmake -S . -B build-gpu -G Ninja -DCMAKE_BUILD_TYPE=Release -DREALFACE_LIBTORCH=$(CURDIR)/.deps/libtorch-cuda -DREALFACE_UNITY=$(UNITY) -DREALFACE_VIDEO=OFF >/dev/null
	@cmake --build build-gpu -j $(JOBS) --target realface gpu_tests
	@tests/gpu/bundle.sh build-gpu $(BUILD)/realface

PREFIX ?= /usr/local
install: build
	@DESTDIR="$(DESTDIR)" cmake --install $(BUILD) --prefix $(PREFIX) --component realface

compare: SETUP := --test
compare: build
	@benchmarks/compare.sh $(BUILD)/realface

# New inputs that reach new code stay in build-fuzz/corpus and corpus-weights; the committed ones are read, never changed.
SECONDS := 600
fuzz: SETUP := --fuzz
fuzz: setup
	@cmake --preset fuzz >/dev/null && cmake --build --preset fuzz
	@mkdir -p build-fuzz/corpus build-fuzz/corpus-weights
	@cd build-fuzz && ./codec_fuzz corpus ../tests/fuzz/corpus -max_total_time=$(SECONDS) -max_len=65536 -timeout=10 -print_final_stats=1
	@cd build-fuzz && ./weights_fuzz corpus-weights ../tests/fixtures/weights -max_total_time=$(SECONDS) -max_len=8192 -timeout=10 -print_final_stats=1

compare-data: SETUP := --test
compare-data: TARGET := realface codec_benchmark data_benchmark index_benchmark
compare-data: OPTIONS += -DREALFACE_BENCHMARKS=ON
compare-data: build
	@benchmarks/compare_data.sh $(BUILD)

ROOMS := base distributed data models checkpoints cluster stages configs launcher
SOURCES = $(shell git ls-files '*.h' '*.cpp')

format:
	@clang-format-16 -i $(SOURCES)

check: SETUP := --check
check: setup
	@clang-format-16 --dry-run -Werror $(SOURCES)

# clang cannot read gcc's precompiled header; REALFACE_UNITY shares the reading of torch's instead.
tidy: SETUP := --tidy
tidy: setup
	@cmake -S . -B build-tidy -G Ninja $(CONFIGURE) -DREALFACE_UNITY=ON -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON -DREALFACE_TESTS=OFF >/dev/null
	@sed -n 's|.*"file": "\(.*\)".*|\1|p' build-tidy/compile_commands.json | grep -v '/pch.cpp$$\|realface_pch' \
	  | xargs -P $(JOBS) -n 1 .deps/clang-tidy/clang_tidy/data/bin/clang-tidy -p build-tidy --quiet

clean:
	@rm -rf build build-* out
