#pragma once

#include <filesystem>
#include <string>

#include "stages/report/page.h"

/// Reading one run folder. Internal to gather.cpp.
namespace realface::stages::report {

/// Of what is not there, nothing is said. Throws Error for a file that cannot be read.
RunPart read_part(const std::filesystem::path& run_dir);

/// "run" of "out/run/".
std::string folder_name(const std::filesystem::path& folder);

}  // namespace realface::stages::report
