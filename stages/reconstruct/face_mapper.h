#pragma once

#include <torch/types.h>
#include <functional>

#include "models/set.h"

namespace realface::stages {

/// What a network that maps faces finds in one of H x W pixels.
struct MappedFace {
  torch::Tensor map;   // u8 [H, W, 3]: the face as it would be restored, enlarged by repeating pixels; undefined of a
                       // localiser without mapping
  torch::Tensor mask;  // f32 [H, W] in [0, 1]: where somebody tampered with it; undefined unless a localiser locates
  torch::Tensor activation;  // f32 [H, W] in [0, 1]: what the classifier takes for fake, by Grad-CAM (V7)
};

using MapFace = std::function<MappedFace(const torch::Tensor& face)>;  // of u8 [H, W, 3], on the network's device

/// By the set's network "mapping" or "localizer", which it holds; empty if there is neither.
MapFace face_mapper(const models::Set& set, torch::Device device);

/// Whether there is a "localizer" that predicts masks.
bool locates(const models::Set& set);

}  // namespace realface::stages
