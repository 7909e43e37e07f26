#include "data/inspection/logistic.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <opencv2/core.hpp>

#include "base/error.h"

namespace realface::data {
namespace {

constexpr int kMostSteps = 100, kMostHalvings = 50;
constexpr double kGradient = 1e-8;

/// The loss around one point; the last parameter is the intercept.
struct Loss {
  double value = 0;
  cv::Mat gradient, hessian;
};

double softplus(double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }

/// Rows with a last column of ones.
cv::Mat design(const FeatureRows& rows) {
  const int width = static_cast<int>(rows.front().size());
  cv::Mat all(static_cast<int>(rows.size()), width + 1, CV_64F, cv::Scalar(1));
  for (int i = 0; i < all.rows; ++i) { std::ranges::copy(rows[static_cast<size_t>(i)], all.ptr<double>(i)); }
  return all;
}

Loss loss_at(const cv::Mat& x, const std::vector<uint8_t>& labels, const cv::Mat& parameters, double strength) {
  cv::Mat weights = parameters.clone(), penalty = cv::Mat::eye(x.cols, x.cols, CV_64F), logits = x * parameters;
  weights.at<double>(x.cols - 1) = penalty.at<double>(x.cols - 1, x.cols - 1) = 0;
  Loss loss{weights.dot(weights) / 2, {}, {}};
  cv::Mat slopes(x.rows, 1, CV_64F), curved = x.clone();
  for (int i = 0; i < x.rows; ++i) {
    const double logit = logits.at<double>(i), probability = 1 / (1 + std::exp(-logit));
    const bool positive = labels[static_cast<size_t>(i)] != 0;
    loss.value += strength * softplus(positive ? -logit : logit);
    slopes.at<double>(i) = strength * (probability - (positive ? 1 : 0));
    for (int c = 0; c < x.cols; ++c) { curved.at<double>(i, c) *= strength * probability * (1 - probability); }
  }
  cv::gemm(x, slopes, 1, weights, 1, loss.gradient, cv::GEMM_1_T);
  cv::gemm(x, curved, 1, penalty, 1, loss.hessian, cv::GEMM_1_T);
  return loss;
}

}  // namespace

double Logistic::score(const std::vector<double>& row) const {
  return std::inner_product(row.begin(), row.end(), weights.begin(), intercept);
}

Logistic fit_logistic(const FeatureRows& rows, const std::vector<uint8_t>& labels, double strength) {
  if (rows.empty() || rows.size() != labels.size()) {
    throw Error("[logistic] " + std::to_string(rows.size()) + " rows for " + std::to_string(labels.size()) +
                " labels; expected as many, and at least one");
  }
  const cv::Mat x = design(rows);
  cv::Mat parameters = cv::Mat::zeros(x.cols, 1, CV_64F);
  Loss loss = loss_at(x, labels, parameters, strength);
  for (int step = 0; step < kMostSteps && cv::norm(loss.gradient) > kGradient; ++step) {
    cv::Mat direction;
    // The singular case is that of one class alone, where the intercept runs away: the least change will do.
    cv::solve(loss.hessian, loss.gradient, direction, cv::DECOMP_SVD);
    Loss next = loss_at(x, labels, parameters - direction, strength);
    for (int half = 0; half < kMostHalvings && !(next.value <= loss.value); ++half) {
      direction /= 2;
      next = loss_at(x, labels, parameters - direction, strength);
    }
    if (!(next.value <= loss.value)) {
      break;  // as low as rounding lets it be
    }
    parameters -= direction;
    loss = std::move(next);
  }
  Logistic fit;
  fit.weights.assign(parameters.ptr<double>(), parameters.ptr<double>() + x.cols - 1);
  fit.intercept = parameters.at<double>(x.cols - 1);
  return fit;
}

RankedPairs ranked_pairs(const std::vector<double>& scores, const std::vector<uint8_t>& labels) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, {}, [&](size_t i) { return scores[i]; });
  double right = 0, negatives = 0, positives = 0;
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    double tied_positives = 0, tied_negatives = 0;
    for (; end < order.size() && scores[order[end]] == scores[order[begin]]; ++end) {
      (labels[order[end]] != 0 ? tied_positives : tied_negatives) += 1;
    }
    right += tied_positives * (negatives + tied_negatives / 2);
    positives += tied_positives;
    negatives += tied_negatives;
  }
  return {right, positives * negatives};
}

}  // namespace realface::data
