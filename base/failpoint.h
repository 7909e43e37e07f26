#pragma once

#include <optional>
#include <string>

namespace realface {

/// What REALFACE_FAILPOINT, an environment variable for tests of failures, asks of the place `name`: "" where it is
/// `name`, "X" where it is `name:X`, nothing where it is another place's or not set. Looked up in each call.
std::optional<std::string> asked_failure(const std::string& name);

}  // namespace realface
