#pragma once

#include <filesystem>
#include <vector>

#include "data/synthesis/dataset.h"

/// The filming of a dataset: many identities, several threads, files that depend on neither.
namespace realface::data::synthesis {

/// One identity's videos: the real one, and its forgeries with the face or expression of `source`.
struct Job {
  int64_t target = 0, source = 0;
  bool forged = false;
};

/// Folders of a FaceForensics++ tree, below its root.
std::filesystem::path reals_folder();
std::filesystem::path fakes_folder(Method method);
std::filesystem::path masks_folder(Method method);

/// Writes every job's videos below `root`, whose folders exist, and logs how far it is. Throws the first failure, after
/// all threads have stopped.
void film(const SynthConfig& config, const std::vector<Job>& jobs, const std::filesystem::path& root);

}  // namespace realface::data::synthesis
