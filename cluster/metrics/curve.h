#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>

namespace realface::cluster {

/// RUN/metrics.jsonl: one JSON object a line, in ascending order of "step", each line whole or not there. Used from one
/// thread. Throw Error with the system's reason.
class Curve {
 public:
  /// Continues the file where there is one; a last line that a kill left unfinished is cut.
  explicit Curve(std::filesystem::path path);

  /// Drops the lines of later steps.
  void cut_after(int64_t step);
  /// Adds a line with a "step", first dropping those that it does not follow. Numbers that are not finite become null.
  void append(const nlohmann::json& line);

 private:
  /// Bytes and last step of the whole lines with step <= `step`, of the file as it is.
  void scan(int64_t step);
  void truncate() const;

  std::filesystem::path path_;
  uint64_t bytes_ = 0;
  int64_t last_step_ = -1;
};

}  // namespace realface::cluster
