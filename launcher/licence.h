#pragma once

#include <string>

namespace realface::launcher {

/// "licence       CC-BY-NC-4.0: not for commercial use ..." of the weights in a file that was written, a line.
/// licence: as the file's metadata have it; "": none is known.
std::string licence_line(const std::string& licence);

}  // namespace realface::launcher
