#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/streams.h"
#include "stages/training/train_config.h"

/// The faces, real and fake, that a detector of single frames learns from.
namespace realface::stages {

/// Where the fakes of an update come from.
struct FakesConfig {
  std::vector<std::string> methods;  // train.methods: manipulations whose fakes are trained on; empty: all
  double self_blend = 0;  // train.self_blend: share of the samples that are real faces, every other one blended with
                          // itself into a fake (Shiohara and Yamasaki, "Detecting deepfakes with self-blended images",
                          // CVPR 2022); 1: there are no other fakes, whatever `methods` says
};

/// Their keys, in the group `train`.
void fields(Visitor& visitor, FakesConfig& config);
void check(const FakesConfig& config, const TrainConfig& train, Checker& checker);

/// What the network takes.
struct FaceSize {
  int64_t image = 224, patch = 1;  // patch 1: there are none
};

/// One frame of a video a sample, half of them real (G20), without masks.
std::vector<data::StreamNeeds> labelled_streams(const FakesConfig& config, const TrainConfig& train,
                                                const FaceSize& size, uint64_t seed);

/// The micro-batches of an update of all of these streams, one after another: train.batch samples over all ranks.
std::vector<data::Batch> labelled_batches(const data::Step& step);

}  // namespace realface::stages
