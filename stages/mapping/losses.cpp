#include "stages/mapping/losses.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/mse_loss.h>

namespace realface::stages {
namespace {

using models::Mapped;
using models::Statistics;

/// Features in the place of pictures: the trunk is run once a batch.
struct Domain {
  torch::Tensor features, targets, labels;
};

Domain joined(const Domain& a, const Domain& b) {
  return {at::cat({a.features, b.features}), at::cat({a.targets, b.targets}), at::cat({a.labels, b.labels})};
}

torch::Tensor classification(const Mapped& mapped, const torch::Tensor& labels) {
  return at::cross_entropy_loss(mapped.logits, labels);
}

torch::Tensor right_share(const Mapped& mapped, const torch::Tensor& labels) {
  return mapped.logits.detach().argmax(1).eq(labels).to(torch::kFloat32).mean();
}

/// Adds up what an episode loses.
class Episode {
 public:
  Episode(models::MappingNetImpl& network, const MappingStageConfig& config)
      : head_(network.head()), config_(config), start_(network.head().parameters()) {}

  void add(const Domain& own, const Domain& neighbour, const Domain& test, const Domain* reference, double domains) {
    std::vector<Mapped> before;  // of each step
    const auto loss = [&](const Parameters& parameters, int64_t step) {
      // Unadapted, they are the network's own: those that an evaluation will meet (D10).
      before.push_back(head_.forward(own.features, parameters, step == 1 ? Statistics::noted : Statistics::batch));
      return classification(before.back(), own.labels);
    };
    const auto adapted = adapt(config_.meta.inner, start_, loss, score_on(reference));
    add_train(own, adapted, before);
    add_test(test, neighbour, adapted, domains);
    losses_.k += static_cast<double>(adapted.step) / domains;
  }

  MappingLosses losses() {
    losses_.total = config_.cls * losses_.cls + config_.mse * losses_.mse;
    losses_.cls = losses_.cls.detach();
    losses_.mse = losses_.mse.detach();
    return losses_;
  }

 private:
  ReferenceScore score_on(const Domain* reference) {
    if (reference == nullptr) { return {}; }
    return [this, reference](const Parameters& parameters) {
      return right_share(head_.forward(reference->features, parameters, Statistics::batch), reference->labels);
    };
  }

  void add_train(const Domain& own, const Adapted& adapted, const std::vector<Mapped>& before) {
    const bool pre = config_.meta.loss_at == "pre" && adapted.step > 0;
    const auto step = static_cast<size_t>(pre ? adapted.step - 1 : adapted.step);
    const auto statistics = before.empty() ? Statistics::noted : Statistics::batch;
    // A step after the chosen one has begun with this very pass.
    const auto mapped =
        step < before.size() ? before[step] : head_.forward(own.features, adapted.parameters, statistics);
    sum(losses_.cls, classification(mapped, own.labels));
    sum(losses_.mse, at::mse_loss(mapped.map, own.targets));
  }

  void add_test(const Domain& test, const Domain& neighbour, const Adapted& adapted, double domains) {
    const auto both = joined(test, neighbour);
    const auto mapped = head_.forward(both.features, adapted.parameters, Statistics::batch);
    const int64_t count = test.labels.size(0);
    const Mapped own{mapped.map, mapped.logits.narrow(0, 0, count)};
    sum(losses_.cls,
        config_.meta.test_cls == "test" ? classification(own, test.labels) : classification(mapped, both.labels));
    sum(losses_.mse, at::mse_loss(mapped.map, both.targets));
    sum(losses_.right, right_share(own, test.labels) / domains);
  }

  static void sum(torch::Tensor& total, const torch::Tensor& more) { total = total.defined() ? total + more : more; }

  models::MapHead& head_;
  const MappingStageConfig& config_;
  Parameters start_;
  MappingLosses losses_;
};

/// The faces of the meta-test's domains, all in one.
Domain test_of(const DomainSplit& split, const std::vector<Domain>& domains) {
  Domain test = domains[static_cast<size_t>(split.test.front())];
  for (size_t i = 1; i < split.test.size(); ++i) { test = joined(test, domains[static_cast<size_t>(split.test[i])]); }
  return test;
}

/// Reference features by the trunk as it is and its running statistics: they are compared, not learned from.
std::map<int64_t, Domain> reference_features(models::MappingNetImpl& network, const std::map<int64_t, Faces>& faces,
                                             const DomainSplit& split) {
  const torch::NoGradGuard no_grad;
  std::map<int64_t, Domain> features;
  for (const int64_t domain : split.train) {
    const auto found = faces.find(domain);
    if (found == faces.end()) { continue; }
    features[domain] = {network.features(found->second.pictures, Statistics::running), {}, found->second.labels};
  }
  return features;
}

}  // namespace

MappingLosses episode_losses(models::MappingNetImpl& network, const MappingStageConfig& config,
                             const DomainSplit& split, const std::vector<Faces>& faces,
                             const std::map<int64_t, Faces>& references) {
  const auto reference = reference_features(network, references, split);
  std::vector<Domain> domains;
  for (const auto& one : faces) {
    domains.push_back({network.features(one.pictures, Statistics::noted), one.targets, one.labels});
  }
  const auto test = test_of(split, domains);
  Episode episode(network, config);
  const size_t count = split.train.size();
  for (size_t i = 0; i < count; ++i) {
    // The next meta-train domain, or a fresh batch of the only one.
    const auto& neighbour = count > 1 ? domains[static_cast<size_t>(split.train[(i + 1) % count])] : domains.back();
    const auto found = reference.find(split.train[i]);
    episode.add(domains[static_cast<size_t>(split.train[i])], neighbour, test,
                found == reference.end() ? nullptr : &found->second, static_cast<double>(count));
  }
  return episode.losses();
}

MappingLosses plain_losses(models::MappingNetImpl& network, const MappingStageConfig& config,
                           const std::vector<Faces>& faces) {
  std::vector<torch::Tensor> pictures, targets, labels;
  for (const auto& one : faces) {
    pictures.push_back(one.pictures);
    targets.push_back(one.targets);
    labels.push_back(one.labels);
  }
  const auto truth = at::cat(labels);
  const auto features = network.features(at::cat(pictures), Statistics::noted);
  const auto mapped = network.head().forward(features, Statistics::noted);
  const auto cls = classification(mapped, truth), mse = at::mse_loss(mapped.map, at::cat(targets));
  return {config.cls * cls + config.mse * mse, cls.detach(), mse.detach(), right_share(mapped, truth), 0};
}

}  // namespace realface::stages
