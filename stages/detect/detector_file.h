#pragma once

#include <filesystem>

#include "stages/detect/detector.h"

/// A detector in one safetensors file, which needs nothing beside it (docs/detector-file.md). Its tensors are
/// NETWORK/NAME and those of the self-test; its metadata say what the networks are, how their faces were cut out, where
/// they come from and how they were calibrated, with a digest over everything.
namespace realface::stages {

/// Publishes the file whole or not at all. Throws Error if the disk refuses, or if there is no self-test.
void write_detector(const std::filesystem::path& path, Detector& detector);

/// Throws Error, naming the file and what is wrong, if it is no detector file, a byte of it is not as it was written,
/// or the self-test comes out otherwise here than where it was written, by more than 0.002.
Detector read_detector(const std::filesystem::path& path, torch::Device device);

/// What its metadata say, digests included; null if it is a safetensors file of another kind.
nlohmann::json detector_facts(const std::map<std::string, std::string>& metadata, const std::string& path);

}  // namespace realface::stages
