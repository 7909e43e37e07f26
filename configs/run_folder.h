#pragma once

#include <string>
#include <vector>

#include "configs/config.h"

/// A run folder belongs to one configuration, kept in RUN/config.yaml.
namespace realface::configs {

/// Keys whose values differ in a way that makes another run of it, as "train.lr: 0.00015 there, 0.001 here". Keys that
/// may differ (folders, world, length, reading ahead, ...) are those of checkpoints::may_differ.
std::vector<std::string> differences(const Config& there, const Config& here);

/// Throws ConfigError where the run folder belongs to another configuration, saying what differs. A folder without a
/// checkpoint belongs to nobody. Only reads, so that every rank may call it before the world is joined.
void refuse_other_run(const Config& config);

/// Makes the run folder and writes config.yaml. By one rank.
void claim_run_folder(const Config& config);

/// True where the run finished (RUN/finished.json) with the length that the configuration asks for.
bool is_finished(const Config& config);
void mark_finished(const Config& config, const std::string& code_version);  // by one rank

/// The configuration that a run folder belongs to. Throws ConfigError where there is none.
Config load_run(const std::string& run_dir);

}  // namespace realface::configs
