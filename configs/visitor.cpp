#include "configs/visitor.h"

#include <cmath>

#include "configs/values.h"

namespace realface::configs {

bool Range::holds(double value) const {
  if (!std::isfinite(value)) { return false; }
  return (open_low ? value > low : value >= low) && (open_high ? value < high : value <= high);
}

std::string Range::text() const {
  std::string words;
  if (std::isfinite(low)) { words = (open_low ? "above " : "at least ") + number_text(low); }
  if (std::isfinite(high)) {
    words += (words.empty() ? "" : " and ") + std::string(open_high ? "below " : "at most ") + number_text(high);
  }
  return words;
}

}  // namespace realface::configs
