#include "stages/training/labelled.h"

#include <fmt/format.h>

#include <cmath>

namespace realface::stages {
namespace {

constexpr const char* kFaces = "faces";
constexpr const char* kBlended = "blended";

int64_t blended_samples(const FakesConfig& config, const TrainConfig& train) {
  return std::llround(config.self_blend * static_cast<double>(train.batch));
}

}  // namespace

void fields(Visitor& v, FakesConfig& c) {
  v.methods("methods", c.methods);
  v.field("self_blend", c.self_blend, share());
}

void check(const FakesConfig& c, const TrainConfig& train, Checker& checker) {
  if (c.self_blend > 0 && blended_samples(c, train) == 0) {
    checker.fault({"train.self_blend"},
                  fmt::format("train.self_blend is {} of train.batch {}: not one sample", c.self_blend, train.batch));
  }
}

std::vector<data::StreamNeeds> labelled_streams(const FakesConfig& config, const TrainConfig& train,
                                                const FaceSize& size, uint64_t seed) {
  data::StreamNeeds faces;
  faces.name = kFaces;
  faces.label = "any";
  faces.unit = "video";
  faces.methods = config.methods;
  faces.balance = "label";  // G20
  faces.augment = augmentation(train);
  faces.batch = train.batch - blended_samples(config, train);
  faces.accumulate = train.accumulate;
  faces.seed = seed;
  faces.image = size.image;
  faces.patch = size.patch;
  faces.mask.kind = "none";
  auto blended = faces;
  blended.name = kBlended;
  blended.label = "real";
  blended.methods = {};
  blended.balance = "none";
  blended.batch = train.batch - faces.batch;
  blended.sbi = 0.5;
  std::vector<data::StreamNeeds> streams;
  for (auto& one : {faces, blended}) {
    if (one.batch > 0) { streams.push_back(one); }
  }
  return streams;
}

std::vector<data::Batch> labelled_batches(const data::Step& step) {
  std::vector<data::Batch> batches;
  for (const char* name : {kFaces, kBlended}) {
    if (const auto found = step.streams.find(name); found != step.streams.end()) {
      batches.insert(batches.end(), found->second.begin(), found->second.end());
    }
  }
  return batches;
}

}  // namespace realface::stages
