#pragma once

#include <string>
#include <vector>

namespace realface::cluster {

enum class Kind { counter, gauge, histogram };

/// Whose number it is: the run's (rank 0 exports it) or each rank's (it carries a rank label).
enum class Scope { run, rank };

/// What is known of a metric before its first measurement (docs/metrics.md).
struct Measure {
  std::string name;  // without "realface_"
  Kind kind = Kind::gauge;
  Scope scope = Scope::rank;
  std::string help;
  bool from_start = false;  // exported as 0 before anybody wrote it
};

const std::vector<Measure>& known_measures();

/// The entry of that name, or one of this kind for every rank with a general help text.
Measure measure_of(const std::string& name, Kind kind);

}  // namespace realface::cluster
