#pragma once

#include <exception>
#include <string>

namespace realface {

/// What an exception of any library says, on one line: without the stack trace that libtorch appends, and with what to
/// do if memory ran out.
std::string exception_text(const std::exception& error);

}  // namespace realface
