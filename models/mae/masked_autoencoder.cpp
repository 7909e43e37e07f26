#include "models/mae/masked_autoencoder.h"

#include <ATen/ops/mse_loss.h>

#include "models/mae/mae.h"
#include "models/mae/video_mae.h"

namespace realface::models {

torch::Tensor MaskedAutoencoder::loss_sum(const torch::Tensor& patches, const torch::Tensor& predictions,
                                          const torch::Tensor& mask, const Visible& visible) const {
  const bool fixed = visible.masked.defined();
  auto wanted = (fixed ? gather_rows(patches, visible.masked) : patches).to(torch::kFloat32);
  if (config_.norm_pix) { wanted = normalised(wanted); }
  const auto guess = predictions.to(torch::kFloat32);
  if (fixed) { return at::mse_loss(guess, wanted, at::Reduction::Sum) / static_cast<double>(config_.cut().values()); }
  return (at::mse_loss(guess, wanted, at::Reduction::None).mean(-1) * mask).sum();
}

std::shared_ptr<MaskedAutoencoder> make_autoencoder(const MaeConfig& config) {
  if (config.architecture == "video_mae") { return std::make_shared<VideoMaeImpl>(config); }
  return std::make_shared<MaeImpl>(config);
}

std::shared_ptr<MaskedAutoencoder> make_autoencoder(const MaeConfig& config, uint64_t seed) {
  if (config.architecture == "video_mae") { return std::make_shared<VideoMaeImpl>(config, seed); }
  return std::make_shared<MaeImpl>(config, seed);
}

}  // namespace realface::models
