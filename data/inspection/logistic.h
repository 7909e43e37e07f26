#pragma once

#include <cstdint>
#include <vector>

/// A small linear classifier and its measure: what the leak alarm needs, no trainer. Internal to data/.
namespace realface::data {

using FeatureRows = std::vector<std::vector<double>>;  // all rows of one length

struct Logistic {
  std::vector<double> weights;
  double intercept = 0;

  double score(const std::vector<double>& row) const;  // the logit
};

/// Minimises |weights|^2 / 2 + strength * sum of log(1 + exp(-y logit)), y = 1 where `labels` is nonzero, else -1; the
/// intercept is free (scikit-learn's LogisticRegression with C = strength). Newton's method with step halving, to a
/// gradient of 1e-8. The rows should be standardised. Throws Error for no rows.
Logistic fit_logistic(const FeatureRows& rows, const std::vector<uint8_t>& labels, double strength = 1);

/// Pairs of a positive and a negative that the scores put in the right order, ties counted half, and of how many: the
/// area under the ROC curve is right / all.
struct RankedPairs {
  double right = 0, all = 0;
};
RankedPairs ranked_pairs(const std::vector<double>& scores, const std::vector<uint8_t>& labels);

}  // namespace realface::data
