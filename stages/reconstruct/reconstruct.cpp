#include "stages/reconstruct/reconstruct.h"

#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/telemetry.h"
#include "distributed/agreement.h"
#include "stages/reconstruct/picture.h"
#include "stages/reconstruct/predictors.h"
#include "stages/training/shown.h"

namespace realface::stages {
namespace {

/// Sum over masked patches of the mean squared error over a patch, for each sample: f32 [B]. guess broadcasts over the
/// batch.
torch::Tensor masked_error(const torch::Tensor& guess, const torch::Tensor& patches, const torch::Tensor& mask) {
  return ((guess - patches).square().mean(-1) * mask).sum(-1);
}

/// What a rank found, as bytes for the others; and back.
std::string encode(const std::map<size_t, ErrorSums>& videos, const std::vector<Picture>& pictures) {
  nlohmann::json json = {{"videos", nlohmann::json::array()}, {"pictures", nlohmann::json::array()}};
  for (const auto& [video, sums] : videos) {
    json["videos"].push_back({video, sums.frames, sums.patches, sums.model, sums.train_mean, sums.neighbours});
  }
  for (const auto& picture : pictures) {
    nlohmann::json row = {picture.class_name, picture.video, picture.sample};
    for (const auto& view : kViews) {
      const auto& png = picture.*view.png;
      row.push_back(nlohmann::json::binary({png.begin(), png.end()}));
    }
    json["pictures"].push_back(std::move(row));
  }
  std::string bytes;
  nlohmann::json::to_cbor(json, bytes);
  return bytes;
}

void decode(const std::string& bytes, std::map<size_t, ErrorSums>& videos, std::map<int64_t, Picture>& pictures) {
  const auto json = nlohmann::json::from_cbor(bytes);
  for (const auto& row : json.at("videos")) {
    const ErrorSums sums{row[1].get<int64_t>(), row[2].get<int64_t>(), row[3].get<double>(), row[4].get<double>(),
                         row[5].get<double>()};
    videos[row[0].get<size_t>()] += sums;
  }
  for (const auto& row : json.at("pictures")) {
    const auto sample = row[2].get<int64_t>();
    auto& picture = pictures[sample] = {row[0].get<std::string>(), row[1].get<std::string>(), sample, {}, {}, {}};
    for (size_t view = 0; view < kViews.size(); ++view) {
      const auto& png = row[3 + view].get_binary();
      picture.*kViews[view].png = std::string(png.begin(), png.end());
    }
  }
}

}  // namespace

Reconstruct::Reconstruct(const ReconstructConfig& config, const std::string& pixels, models::Set& set,
                         const SampleTable& table, torch::Tensor train_mean, distributed::World& world)
    : config_(config),
      network_(set.get<models::MaskedAutoencoder>("mae")),
      map_(face_mapper(set, world.device())),
      differences_(difference_views(set, world.device())),
      residual_(residual_view(set, world.device())),
      pixels_(pixels, network_->config().patch, world.device(), network_->config().tubelet),
      table_(table),
      train_mean_(std::move(train_mean)),
      world_(world),
      wanted_(table.pick(config.split, config.pictures, config.fake_pictures)) {
  if (network_->config().norm_pix) {
    throw ConfigError(
        "[reconstruct] the network was trained with model.norm_pix, so its predictions cannot be turned into pixels; train with model.norm_pix=false");
  }
  network_->eval();
}

int64_t Reconstruct::steps() const { return std::numeric_limits<int64_t>::max(); }

StepReport Reconstruct::step(const data::Step& step) {
  const torch::NoGradGuard no_grad;
  const telemetry::PhaseTimer timer(telemetry::Phase::eval);
  StepReport report;
  for (const auto& batch : step.streams.at(kStream)) {
    add_batch(batch);
    report.samples += batch.size() * world_.size();
  }
  ++position_;
  return report;
}

torch::Tensor Reconstruct::predict(const data::Batch& batch, const torch::Tensor& patches) {
  const auto visible = models::visible_tokens(batch.mask, batch.visible_max, batch.fixed_visible);
  const auto predicted = network_->forward(patches, visible).to(torch::kFloat32);
  if (!visible.masked.defined()) { return predicted; }
  // Only masked patches were predicted: each goes to its place.
  const auto places = visible.masked.unsqueeze(-1).expand({-1, -1, patches.size(2)});
  return at::zeros(patches.sizes(), patches.options()).scatter(1, places, predicted);
}

void Reconstruct::add_batch(const data::Batch& batch) {
  const auto patches = pixels_.patches(batch.images);
  const auto predicted = predict(batch, patches);
  const auto mask = batch.mask.to(torch::kFloat32);
  const auto sums =
      at::stack({masked_error(predicted, patches, mask), masked_error(train_mean_, patches, mask),
                 masked_error(neighbour_colours(patches, batch.mask, network_->config().cut().places()), patches, mask),
                 mask.sum(-1), batch.weights})
          .to(torch::kFloat64)
          .cpu();
  const auto at = sums.accessor<double, 2>();
  for (int64_t row = 0; row < batch.size(); ++row) {
    if (at[4][row] == 0) {
      continue;  // padding of the last batch
    }
    const int64_t sample = batch.samples[static_cast<size_t>(row)];
    videos_[table_.video_of(sample)] += {1, static_cast<int64_t>(at[3][row]), at[0][row], at[1][row], at[2][row]};
    if (wanted(batch, row)) { keep_picture(batch, row, predicted); }
  }
}

/// What the detector finds in a face. tampered: u8 [H, W], as BatchTensors::tampered, or undefined.
void Reconstruct::add_findings(const torch::Tensor& image, const torch::Tensor& restored, const torch::Tensor& tampered,
                               Picture& picture) const {
  if (!map_) { return; }
  const auto found = map_(image);
  picture.restored_activation = encode_png(heat_over(restored, map_(restored).activation));
  picture.mapped_activation = encode_png(heat_over(found.map.defined() ? found.map : image, found.activation));
  if (found.map.defined()) { picture.mapped = encode_png(found.map); }
  if (!found.mask.defined()) { return; }
  picture.mask = encode_png(grey_levels(found.mask));
  const bool known = tampered.defined() && !tampered.eq(data::kNotKnown).any().item<bool>();
  if (known) { picture.true_mask = encode_png(grey_levels(tampered.to(torch::kFloat32))); }
}

void Reconstruct::add_differences(const torch::Tensor& image, const torch::Tensor& mask, Picture& picture) const {
  if (!differences_) { return; }
  const auto views = differences_(image, mask);
  for (size_t i = 0; i < std::min(views.size(), kDifferences.size()); ++i) {
    picture.*kDifferences[i] = encode_png(heat_over(image, views[i]));
  }
}

/// Whether a picture of it is to be kept; a clip's sample is its first frame, and any of its frames may be wanted.
bool Reconstruct::wanted(const data::Batch& batch, int64_t row) const {
  const int64_t frames = network_->config().frames;
  const auto first = batch.frames.begin() + row * frames;
  return std::any_of(first, first + frames, [&](int64_t frame) { return wanted_.contains(frame); });
}

void Reconstruct::keep_picture(const data::Batch& batch, int64_t row, const torch::Tensor& predicted) {
  const auto& model = network_->config();
  const int64_t sample = batch.samples[static_cast<size_t>(row)], patch = model.patch, middle = model.frames / 2;
  const auto& video = table_.videos()[table_.video_of(sample)];
  auto image = batch.images[row], patches = pixels_.unit(predicted[row]);
  auto tampered = batch.tampered.defined() ? batch.tampered[row] : batch.tampered;
  if (model.of_clips()) {
    image = image[middle];
    if (tampered.defined()) { tampered = tampered[middle]; }
    patches = models::patchify(models::untubify(patches.unsqueeze(0), model.cut()).squeeze(0), patch)[middle];
  }
  const auto mask = batch.mask[row].view({model.cut().slots(), -1})[middle / model.tubelet];
  const auto restored = composite(image, patches, mask, patch);
  Picture picture{video.class_name,    video.key, sample, encode_png(image), encode_png(grey_out(image, mask, patch)),
                  encode_png(restored)};
  add_findings(image, restored, tampered, picture);
  add_differences(image, mask, picture);
  if (residual_) { picture.residual = encode_png(residual_(image)); }
  result_.pictures.push_back(std::move(picture));
}

void Reconstruct::finish() {
  std::map<size_t, ErrorSums> videos;
  std::map<int64_t, Picture> pictures;  // by sample, so that the order is that of the dataset
  for (const auto& bytes : distributed::gather_strings(world_.host_group(), encode(videos_, result_.pictures))) {
    decode(bytes, videos, pictures);
  }
  result_.pictures.clear();
  // Real faces first, then class by class.
  for (const bool real : {true, false}) {
    for (const auto& [sample, picture] : pictures) {
      if ((picture.class_name == "real") == real) { result_.pictures.push_back(picture); }
    }
  }
  result_.split = config_.split;
  result_.seen_in_training = table_.seen_in_training(config_.split);
  result_.classes = summarise(table_, videos);
  for (const auto& [video, sums] : videos) {
    if (table_.videos()[video].class_name == "real") { result_.held_out += sums; }
  }
}

data::StreamNeeds reconstruct_needs(const ReconstructConfig& config, const models::MaeConfig& model,
                                    const data::MaskConfig& mask, bool truth) {
  data::StreamNeeds faces;
  faces.name = Reconstruct::kStream;
  faces.split = config.split;
  faces.label = "any";
  faces.endless = false;
  faces.batch = config.batch;
  faces.seed = config.seed;
  show(model.cut(), model.of_clips(), faces);
  faces.mask = mask;
  faces.truth = truth;
  return faces;
}

data::StreamNeeds baseline_needs(const ReconstructConfig& config, const models::MaeConfig& model) {
  data::StreamNeeds faces;
  faces.name = MeanPatches::kStream;
  faces.batch = config.batch;
  faces.seed = config.seed;
  show(model.cut(), model.of_clips(), faces);
  faces.mask.kind = "none";
  return faces;
}

}  // namespace realface::stages
