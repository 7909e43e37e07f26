#pragma once

#include <CLI/App.hpp>

/// The subcommands of `realface`: each adds itself to the program's command line and runs from CLI11's callback. They
/// throw; main.cpp turns what they throw into a message and an exit code. One file a subcommand.
namespace realface::launcher {

void add_synth(CLI::App& app);
void add_preprocess(CLI::App& app);
void add_decode(CLI::App& app);
void add_inspect(CLI::App& app);
void add_verify(CLI::App& app);
void add_train(CLI::App& app);
void add_run(CLI::App& app);
void add_protocol(CLI::App& app);
void add_reconstruct(CLI::App& app);
void add_report(CLI::App& app);
void add_compare(CLI::App& app);
void add_detect(CLI::App& app);
void add_export(CLI::App& app);
void add_calibrate(CLI::App& app);
void add_import(CLI::App& app);
void add_bench(CLI::App& app);

}  // namespace realface::launcher
