#include "stages/detect/calibration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/error.h"

namespace realface::stages {
namespace {

constexpr double kMostLogOdds = 16, kMostTemperature = 20;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

double log_odds(double p) { return std::clamp(std::log(p) - std::log1p(-p), -kMostLogOdds, kMostLogOdds); }

/// d/ds of the mean loss log(1 + exp(-s z)), where z is the log-odds of the right answer; it grows with s.
double slope(const std::vector<double>& scores, double sign, double s) {
  double sum = 0;
  for (const double score : scores) {
    const double z = sign * log_odds(score);
    sum -= z * sigmoid(-s * z);
  }
  return sum / static_cast<double>(scores.size());
}

/// Where the slope changes its sign, by bisection of 1 / T on a logarithmic scale.
double best_temperature(const CalibrationVideos& videos) {
  double low = -std::log(kMostTemperature), high = -low;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2, s = std::exp(middle);
    (slope(videos.real, -1, s) + slope(videos.fake, 1, s) > 0 ? high : low) = middle;
  }
  return std::exp(-(low + high) / 2);
}

/// The k-th of the scores in this order, k so that a new one comes before it with a probability of at most `rate`.
double quantile(std::vector<double> scores, double rate, const char* what,
                const std::function<bool(double, double)>& before) {
  const auto count = static_cast<double>(scores.size());
  const auto k = static_cast<size_t>(rate * (count + 1) + 1e-9);
  if (k == 0) {
    throw DataError(fmt::format(
        "[calibrate] {} {} videos have a score; for an error rate of {} there must be {} at least: give more videos, or a greater rate",
        scores.size(), what, rate, std::ceil(1 / rate - 1 - 1e-9)));
  }
  std::ranges::sort(scores, before);
  return scores[k - 1];
}

}  // namespace

double Calibration::p_fake(double score) const { return known ? sigmoid(log_odds(score) / temperature) : score; }

const char* Calibration::verdict(double p_fake) const {
  if (!known || std::isnan(p_fake)) { return ""; }
  if (p_fake > fake_above) { return "fake"; }
  return p_fake < real_below ? "real" : "uncertain";
}

nlohmann::json to_json(const Calibration& c) {
  if (!c.known) { return nullptr; }
  return {{"temperature", c.temperature},
          {"fake_above", c.fake_above},
          {"real_below", c.real_below},
          {"error_rate", c.error_rate},
          {"real", c.real},
          {"fake", c.fake},
          {"dataset_digest", c.dataset_digest},
          {"split", c.split}};
}

Calibration calibration_from(const nlohmann::json& json) {
  if (json.is_null()) { return {}; }
  return {.known = true,
          .temperature = json.at("temperature"),
          .fake_above = json.at("fake_above"),
          .real_below = json.at("real_below"),
          .error_rate = json.at("error_rate"),
          .real = json.at("real"),
          .fake = json.at("fake"),
          .dataset_digest = json.at("dataset_digest"),
          .split = json.at("split")};
}

Calibration calibrate(const CalibrationVideos& videos, double error_rate) {
  const double fake_above = quantile(videos.real, error_rate, "real", std::greater<>());
  const double real_below = quantile(videos.fake, error_rate, "fake", std::less<>());
  Calibration found;
  found.known = true;
  found.temperature = best_temperature(videos);
  found.fake_above = found.p_fake(fake_above);
  found.real_below = found.p_fake(real_below);
  if (found.real_below > found.fake_above) {
    found.real_below = found.fake_above = (found.real_below + found.fake_above) / 2;
  }
  found.error_rate = error_rate;
  found.real = static_cast<int64_t>(videos.real.size());
  found.fake = static_cast<int64_t>(videos.fake.size());
  return found;
}

}  // namespace realface::stages
