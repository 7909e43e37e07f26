#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>
#include <array>
#include <cstdint>
#include <memory>

#include "models/layers/conv.h"
#include "models/layers/scse.h"

namespace realface::models {

/// The decoder of OSN (Wu et al., "Robust image forgery detection over online social network shared images", CVPR
/// 2022), which Delocate cites (L1): a U-Net (Ronneberger et al., MICCAI 2015) whose stages end with a scSE gate, from
/// the outputs of an encoder to a map of how much each pixel was tampered with. Names are those of that code.
class UnetDecoder : public torch::nn::Module {
 public:
  /// skips: channels of the encoder's outputs, the largest picture first. widths: of the decoder's stages, likewise.
  UnetDecoder(const std::array<int64_t, 5>& skips, const std::array<int64_t, 4>& widths, int64_t last);
  /// Outputs at H/2 to H/32 -> [B, 1, H, W], in (0, 1).
  torch::Tensor forward(const std::array<torch::Tensor, 5>& encoded) const;

 private:
  std::array<std::shared_ptr<Conv>, 4> enlarging_, joining_;  // by skip, the largest picture first
  std::array<std::shared_ptr<ScSe>, 4> gates_;
  std::shared_ptr<Conv> last_, final_;
};

}  // namespace realface::models
