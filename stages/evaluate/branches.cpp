#include "stages/evaluate/branches.h"

#include <ATen/ops/softmax.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "models/cnn/cnn.h"
#include "models/layers/tokens.h"
#include "models/localizer/localizer.h"
#include "models/lre/lre.h"
#include "models/mapping_net/mapping_net.h"
#include "models/vit/description.h"
#include "models/xception/xception.h"
#include "stages/attention/differences.h"
#include "stages/finetune/stage.h"
#include "stages/residual/stage.h"
#include "stages/training/pixels.h"

namespace realface::stages {
namespace {

torch::Tensor p_fake(const torch::Tensor& logits) { return at::softmax(logits.to(torch::kFloat32), -1).select(-1, 1); }

Branch classifier(const models::Set& set, torch::Device device) {
  const auto vit = set.get<models::Classifier>("vit");
  const auto kind = models::vit_description(set.entry("vit").description).pixels;
  const bool of_clips = vit->config().of_clips();
  const Normaliser pixels(kind, vit->config().patch, device, vit->config().tubelet);
  const auto score = [vit, pixels, of_clips](const torch::Tensor& frames) {
    const auto p = p_fake(classify_videos(*vit, pixels, frames));
    return BranchScores{p, of_clips ? p.unsqueeze(1).expand({-1, frames.size(1)}) : torch::Tensor(), {}};
  };
  return {"vit", vit->config().image, of_clips ? vit->config().frames : 0, of_clips, false, score};
}

Branch mapping(const models::Set& set, torch::Device device) {
  const auto network = set.get<models::MappingNetImpl>("mapping");
  const Normaliser pixels("imagenet", 1, device);
  const auto score = [network, pixels](const torch::Tensor& frames) {
    using models::Statistics;
    const auto features = network->features(pixels.planes(frames.flatten(0, 1)), Statistics::running);
    const auto mapped = network->head().forward(features, Statistics::running);
    const auto of_videos = [&](const torch::Tensor& x) { return x.unflatten(0, {frames.size(0), frames.size(1)}); };
    const auto by_frame = of_videos(p_fake(mapped.logits));
    return BranchScores{by_frame.mean(1), by_frame, of_videos(mapped.map)};
  };
  return {"mapping", network->config().image, 0, true, false, score};
}

Branch localizer(const models::Set& set, torch::Device device) {
  const auto network = set.get<models::LocalizerImpl>("localizer");
  const Normaliser pixels("imagenet", 1, device);
  const auto score = [network, pixels](const torch::Tensor& frames) {
    using models::Statistics;
    const auto pictures = pixels.planes(frames.flatten(0, 1));
    const auto features = network->features(pictures, Statistics::running);
    const auto found = network->forward(pictures, features, network->adapted(), Statistics::running, {});
    const auto of_videos = [&](const torch::Tensor& x) {
      return x.defined() ? x.unflatten(0, {frames.size(0), frames.size(1)}) : x;
    };
    const auto by_frame = of_videos(p_fake(found.logits));
    return BranchScores{by_frame.mean(1), by_frame, of_videos(found.map),
                        of_videos(found.mask.defined() ? found.mask.squeeze(1) : found.mask)};
  };
  const auto& config = network->config();
  return {"localizer", config.mapping.image, 0, true, config.locates, score};
}

/// The first two sizes of frames [B, T, ...].
std::vector<int64_t> by_frame_of(const torch::Tensor& frames) { return {frames.size(0), frames.size(1)}; }

/// Of frames [B, T, ...] by the logits of each, [B * T, 2].
BranchScores scored_by_frame(const torch::Tensor& frames, const torch::Tensor& logits) {
  const auto by_frame = p_fake(logits).unflatten(0, by_frame_of(frames));
  return {by_frame.mean(1), by_frame, {}};
}

/// A plain network that sees single faces.
template <class Network>
Branch baseline(const models::Set& set, const std::string& name, const std::string& kind, torch::Device device) {
  const auto network = set.get<Network>(name);
  const Normaliser pixels(kind, 1, device);
  const auto score = [network, pixels](const torch::Tensor& frames) {
    return scored_by_frame(frames, network->forward(pixels.planes(frames.flatten(0, 1))));
  };
  return {name, network->config().image, 0, true, false, score};
}

Branch cnn(const models::Set& set, torch::Device device) {
  return baseline<models::CnnImpl>(set, "cnn", "imagenet", device);
}

Branch xception(const models::Set& set, torch::Device device) {
  return baseline<models::XceptionImpl>(set, "xception", "half", device);
}

Branch attention(const models::Set& set, torch::Device device) {
  const auto network = set.get<models::LreImpl>("lre");
  const Differences differences(set, network->lre(), device);
  Branch branch{"lre", network->config().image, 0, true, false, {}};
  branch.hidden = Hidden{mask_of(network->lre()), differences.patch()};
  branch.score_hidden = [network, differences](const torch::Tensor& frames, const torch::Tensor& masks) {
    const auto seen = differences.of(frames.flatten(0, 1), masks.flatten(0, 1));
    auto scores = scored_by_frame(frames, two_logits(network->forward(seen.faces, seen.maps)));
    scores.heat = enlarged(seen.maps.front(), frames.size(2)).unflatten(0, by_frame_of(frames));
    return scores;
  };
  return branch;
}

Branch residuals(const models::Set& set, torch::Device device) {
  const auto network = set.get<models::RffrImpl>("rffr");
  const ResidualView view(network->config(), residual_network(set, network->config()), device);
  const auto score = [network, view](const torch::Tensor& frames) {
    const auto faces = frames.flatten(0, 1);
    const auto residuals = view.residuals(faces, view.all_blocks());
    auto scores = scored_by_frame(frames, view.logits(*network, faces, residuals, view.all_blocks()));
    if (residuals.defined()) {
      const auto size = network->config().vit.patch;
      scores.heat = models::unpatchify(residuals, size).abs().mean(-1).unflatten(0, by_frame_of(frames));
    }
    return scores;
  };
  return {"rffr", network->config().vit.image, 0, true, false, score};
}

struct KnownBranch {
  const char* name;
  std::vector<Partner> partners;
  Branch (*branch)(const models::Set&, torch::Device);
};

const std::vector<KnownBranch>& known_branches() {
  static const std::vector<KnownBranch> kAll{{"vit", {}, classifier},
                                             {"mapping", {}, mapping},
                                             {"localizer", {}, localizer},
                                             {"cnn", {}, cnn},
                                             {"xception", {}, xception},
                                             {"rffr", {{"mae", "mae"}}, residuals},
                                             {"lre", {{"mae", "mae"}, {"extractor", "xception"}}, attention}};
  return kAll;
}

}  // namespace

BranchScores scores_of(const Branch& branch, const torch::Tensor& frames, const torch::Tensor& masks) {
  return branch.hidden ? branch.score_hidden(frames, masks) : branch.score(frames);
}

std::vector<std::string> branch_names() {
  std::vector<std::string> names;
  for (const auto& kind : known_branches()) { names.emplace_back(kind.name); }
  return names;
}

std::vector<Partner> partners_of(const std::string& branch) {
  const auto kind = std::ranges::find(known_branches(), branch, &KnownBranch::name);
  return kind == known_branches().end() ? std::vector<Partner>{} : kind->partners;
}

std::vector<Partner> all_partners() {
  std::vector<Partner> all;
  for (const auto& kind : known_branches()) {
    for (const auto& partner : kind.partners) {
      if (std::ranges::find(all, partner.name, &Partner::name) == all.end()) { all.push_back(partner); }
    }
  }
  return all;
}

std::vector<Branch> branches_of(const models::Set& set, torch::Device device) {
  std::vector<Branch> branches;
  for (const auto& kind : known_branches()) {
    if (set.entries().contains(kind.name)) { branches.push_back(kind.branch(set, device)); }
  }
  for (const auto& branch : branches) {
    if (branch.image == branches.front().image) { continue; }
    throw Error(
        fmt::format("[weights] '{}' takes pictures of {} pixels and '{}' of {}; give branches that were trained "
                    "on the same crops",
                    branches.front().name, branches.front().image, branch.name, branch.image));
  }
  return branches;
}

}  // namespace realface::stages
