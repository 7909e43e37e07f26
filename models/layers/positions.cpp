#include "models/layers/positions.h"

#include <ATen/ops/embedding.h>
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

torch::Tensor sinusoid_positions(int64_t width, int64_t count) {
  auto table = torch::zeros({count, width}, torch::kFloat64);
  double* value = table.mutable_data_ptr<double>();
  for (int64_t token = 0; token < count; ++token) {
    for (int64_t j = 0; j < width; ++j) {
      const double exponent = static_cast<double>(j / 2 * 2) / static_cast<double>(width);
      const double angle = static_cast<double>(token) / std::pow(10000.0, exponent);
      *value++ = j % 2 == 0 ? std::sin(angle) : std::cos(angle);
    }
  }
  return table.to(torch::kFloat32).unsqueeze(0);
}

torch::Tensor FixedPositions::all(const torch::Tensor& tokens) const {
  if (table_.device() != tokens.device()) { table_ = table_.to(tokens.device()); }
  return table_.to(tokens.scalar_type());
}

torch::Tensor FixedPositions::rows(const torch::Tensor& ids, const torch::Tensor& tokens) const {
  return at::embedding(all(tokens).squeeze(0), ids);
}

}  // namespace realface::models
