#pragma once

#include <string>

namespace realface::launcher {

/// The project's version and `git describe` of the sources when they were configured, "0.1.0 (1a2b3c4)": stored in
/// every checkpoint and report.
std::string code_version();

}  // namespace realface::launcher
