#include "stages/episodes/losses.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/mse_loss.h>

namespace realface::stages {
namespace {

using models::Statistics;

torch::Tensor classification(const Findings& found, const torch::Tensor& labels) {
  return at::cross_entropy_loss(found.logits, labels);
}

torch::Tensor right_share(const Findings& found, const torch::Tensor& labels) {
  return found.logits.detach().argmax(1).eq(labels).to(torch::kFloat32).mean();
}

/// Mean squared error to the truth, of the faces of which it is known (L4); 0 if it is of none.
torch::Tensor localization(const Findings& found, const Faces& faces) {
  const auto errors = (found.mask - faces.truth).square().mean({1, 2, 3});
  return (errors * faces.known).sum() / faces.known.sum().clamp_min(1);
}

void sum(torch::Tensor& total, const torch::Tensor& more) { total = total.defined() ? total + more : more; }

/// Adds up the parts of a loss, then weighs them.
class Sums {
 public:
  explicit Sums(const LossWeights& weights) : weights_(weights) {}

  void add(const Findings& found, const Faces& faces, const torch::Tensor& classification) {
    sum(losses.cls, classification);
    if (found.map.defined()) { sum(losses.mse, at::mse_loss(found.map, faces.targets)); }
    if (found.mask.defined()) { sum(losses.loc, localization(found, faces)); }
  }

  EpisodeLosses take() {
    losses.total = weights_.cls * losses.cls;
    losses.cls = losses.cls.detach();
    for (const auto& [part, weight] : {std::pair{&losses.mse, weights_.mse}, {&losses.loc, weights_.loc}}) {
      if (!part->defined()) { continue; }
      losses.total = losses.total + weight * *part;
      *part = part->detach();
    }
    return losses;
  }

  EpisodeLosses losses;

 private:
  LossWeights weights_;
};

/// Adds up what an episode loses.
class Episode {
 public:
  Episode(Learner& learner, const MetaConfig& meta, const LossWeights& weights)
      : learner_(learner), meta_(meta), start_(learner.adapted()), sums_(weights) {}

  void add(const Faces& own, const Faces& neighbour, const Faces& test, const Faces* reference, int64_t domains) {
    std::vector<Findings> before;  // of each step
    const auto loss = [&](const Parameters& parameters, int64_t step) {
      // Unadapted, they are the network's own: those that an evaluation will meet (D10).
      before.push_back(learner_.forward(own, parameters, step == 1 ? Statistics::noted : Statistics::batch, ++passes_));
      return classification(before.back(), own.labels);
    };
    const auto adapted = adapt(meta_.inner, start_, loss, score_on(reference));
    add_train(own, adapted, before);
    add_test(test, neighbour, adapted, domains);
    sums_.losses.k += static_cast<double>(adapted.step) / static_cast<double>(domains);
  }

  EpisodeLosses losses() { return sums_.take(); }

 private:
  ReferenceScore score_on(const Faces* reference) {
    if (reference == nullptr) { return {}; }
    return [this, reference](const Parameters& parameters) {
      const auto found = learner_.forward(*reference, parameters, Statistics::batch, Learner::kScoring);
      return right_share(found, reference->labels);
    };
  }

  void add_train(const Faces& own, const Adapted& adapted, const std::vector<Findings>& before) {
    const bool pre = meta_.loss_at == "pre" && adapted.step > 0;
    const auto step = static_cast<size_t>(pre ? adapted.step - 1 : adapted.step);
    const auto statistics = before.empty() ? Statistics::noted : Statistics::batch;
    // A step after the chosen one has begun with this very pass.
    const auto found =
        step < before.size() ? before[step] : learner_.forward(own, adapted.parameters, statistics, ++passes_);
    sums_.add(found, own, classification(found, own.labels));
  }

  void add_test(const Faces& test, const Faces& neighbour, const Adapted& adapted, int64_t domains) {
    const auto both = joined(test, neighbour);
    const auto found = learner_.forward(both, adapted.parameters, Statistics::batch, ++passes_);
    const Findings own{{}, {}, found.logits.narrow(0, 0, test.labels.size(0))};
    sums_.add(found, both,
              meta_.test_cls == "test" ? classification(own, test.labels) : classification(found, both.labels));
    sum(sums_.losses.right, right_share(own, test.labels) / static_cast<double>(domains));
  }

  Learner& learner_;
  const MetaConfig& meta_;
  Parameters start_;
  Sums sums_;
  int64_t passes_ = 0;
};

/// The faces of the meta-test's domains, all in one.
Faces test_of(const DomainSplit& split, const std::vector<Faces>& domains) {
  Faces test = domains[static_cast<size_t>(split.test.front())];
  for (size_t i = 1; i < split.test.size(); ++i) { test = joined(test, domains[static_cast<size_t>(split.test[i])]); }
  return test;
}

}  // namespace

Faces joined(const Faces& a, const Faces& b) {
  const auto both = [](const torch::Tensor& x, const torch::Tensor& y) { return x.defined() ? at::cat({x, y}) : x; };
  const auto all = [](std::vector<int64_t> x, const std::vector<int64_t>& y) {
    x.insert(x.end(), y.begin(), y.end());
    return x;
  };
  return {both(a.pictures, b.pictures), both(a.labels, b.labels),    both(a.targets, b.targets),
          both(a.truth, b.truth),       both(a.known, b.known),      all(a.epochs, b.epochs),
          all(a.samples, b.samples),    both(a.features, b.features)};
}

EpisodeLosses episode_losses(Learner& learner, const MetaConfig& meta, const LossWeights& weights,
                             const DomainSplit& split, std::vector<Faces> faces, std::map<int64_t, Faces> references) {
  for (const int64_t domain : split.train) {
    const torch::NoGradGuard no_grad;
    const auto found = references.find(domain);
    if (found == references.end()) { continue; }
    // By running statistics: references are compared, not learned from.
    found->second.features = learner.features(found->second.pictures, Statistics::running);
  }
  for (auto& one : faces) { one.features = learner.features(one.pictures, Statistics::noted); }
  const auto test = test_of(split, faces);
  Episode episode(learner, meta, weights);
  const size_t count = split.train.size();
  for (size_t i = 0; i < count; ++i) {
    // The next meta-train domain, or a fresh batch of the only one.
    const auto& neighbour = count > 1 ? faces[static_cast<size_t>(split.train[(i + 1) % count])] : faces.back();
    const auto found = references.find(split.train[i]);
    episode.add(faces[static_cast<size_t>(split.train[i])], neighbour, test,
                found == references.end() ? nullptr : &found->second, static_cast<int64_t>(count));
  }
  return episode.losses();
}

EpisodeLosses plain_losses(Learner& learner, const LossWeights& weights, const std::vector<Faces>& faces) {
  Faces all = faces.front();
  for (size_t i = 1; i < faces.size(); ++i) { all = joined(all, faces[i]); }
  all.features = learner.features(all.pictures, Statistics::noted);
  const auto found = learner.forward(all, learner.adapted(), Statistics::noted, 1);
  Sums sums(weights);
  sums.add(found, all, classification(found, all.labels));
  sums.losses.right = right_share(found, all.labels);
  return sums.take();
}

}  // namespace realface::stages
