#include "models/layers/positions.h"

#include <cmath>

#include "base/error.h"

namespace realface::models {

torch::Tensor sincos_positions(int64_t width, int64_t grid) {
  if (width % 4 != 0) {
    throw ConfigError("[model] a width of " + std::to_string(width) +
                      " leaves no room for 2-D positions; choose a multiple of 4");
  }
  const int64_t quarter = width / 4;
  auto table = torch::zeros({1 + grid * grid, width}, torch::kFloat64);
  double* row = table.mutable_data_ptr<double>();
  for (int64_t patch = 0; patch < grid * grid; ++patch) {
    row += width;
    const auto column = static_cast<double>(patch % grid);
    const auto line = static_cast<double>(patch / grid);
    for (int64_t k = 0; k < quarter; ++k) {
      const double rate = std::pow(10000.0, -static_cast<double>(k) / static_cast<double>(quarter));
      row[k] = std::sin(column * rate);
      row[k + quarter] = std::cos(column * rate);
      row[k + 2 * quarter] = std::sin(line * rate);
      row[k + 3 * quarter] = std::cos(line * rate);
    }
  }
  return table.to(torch::kFloat32).unsqueeze(0);
}

}  // namespace realface::models
