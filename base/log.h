#pragma once

#include <string>

/// Log lines for people. Rank 0 speaks; other ranks' warnings and errors carry their rank. Safe from any thread.
namespace realface::log {

/// Says which rank this process is; before that it counts as rank 0 unless PMIX_RANK says otherwise
/// (docs/architecture.md, "Leaving").
void set_rank(int rank, int world_size);

/// Copies every line to a file as well, from now on: the log of the run folder, in place of that of an earlier one.
/// Throws spdlog's error if the file cannot be opened.
void also_to(const std::string& path);

void info(const std::string& line);   // rank 0 only
void warn(const std::string& line);   // any rank
void error(const std::string& line);  // any rank

}  // namespace realface::log
