#pragma once

#include <string>
#include <vector>

#include "configs/config.h"
#include "distributed/communicator.h"

/// A run folder belongs to one configuration, kept in RUN/config.yaml.
namespace realface::configs {

/// Keys whose values differ in a way that makes it another run, as "train.lr: 0.00015 there, 0.001 here". A key that
/// may change on a resume says so where it is described (base/settings.h).
std::vector<std::string> differences(const Config& there, const Config& here);

/// Throws ConfigError if the run folder belongs to another configuration, listing what differs. A folder without a
/// checkpoint belongs to nobody. Only reads, so every rank may call it before the world is joined.
void refuse_other_run(const Config& config);

/// Makes the folder's configuration this one. Called by one rank, which holds the folder's lock: another start may have
/// taken the folder since refuse_other_run was last asked, so this asks again. Of a finished evaluation whose inputs
/// have changed, it removes the checkpoints and finished.json, so that it is made again. Throws ConfigError.
void claim_run_folder(const Config& config);

/// Is there a finished run (RUN/finished.json) with the length that the configuration asks for? An evaluation of which
/// the weights or the data have changed since (inputs.h) is not.
bool is_finished(const Config& config);
/// The same for all ranks: the first one looks, because others may see an older state of a shared folder. Collective.
bool is_finished(const Config& config, distributed::Communicator& host);
/// Is there a finished run of any length?
bool has_finished(const std::string& run_dir);
void mark_finished(const Config& config, const std::string& code_version);  // by one rank

/// The configuration that a run folder belongs to. Throws ConfigError if it is no run folder.
Config load_run(const std::string& run_dir);

}  // namespace realface::configs
