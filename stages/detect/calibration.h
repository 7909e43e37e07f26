#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace realface::stages {

/// Videos whose label is known, with a detector's score, the mean over a person's frames.
struct CalibrationVideos {
  std::vector<double> real, fake;  // in [0, 1]
};

/// What a detector's score means on data like that which it was calibrated on. As it begins, nothing is known.
struct Calibration {
  bool known = false;
  double temperature = 1;           // the log-odds are divided by it (Guo et al., ICML 2017)
  double fake_above = 0.5;          // p of fake, calibrated, above which a face is called fake
  double real_below = 0.5;          // below which it is called real; between the two, uncertain
  double error_rate = 0;            // of new videos like those: at most so many reals are called fake, and fakes real
  int64_t real = 0, fake = 0;       // videos that it was made from
  std::string dataset_digest = {};  // of them
  std::string split = {};

  double p_fake(double score) const;         // NaN stays NaN
  const char* verdict(double p_fake) const;  // of a calibrated p: real | fake | uncertain; "" if nothing is known
};

nlohmann::json to_json(const Calibration& calibration);
Calibration calibration_from(const nlohmann::json& json);  // throws nlohmann's exceptions

/// The temperature is that of the greatest likelihood, both classes weighing the same, between 1/20 and 20; log-odds
/// are cut off at 16. The thresholds are order statistics of the scores, so that the bound on errors holds for any
/// number of videos (split conformal prediction: Vovk et al., 2005); if they overlap, both become the middle. Throws
/// DataError if there are too few videos of a class for the error rate, fewer than 1 / error_rate - 1.
Calibration calibrate(const CalibrationVideos& videos, double error_rate);

}  // namespace realface::stages
