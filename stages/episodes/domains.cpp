#include "stages/episodes/domains.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/counter_rng.h"
#include "base/error.h"

namespace realface::stages {
namespace {

bool single(const MetaConfig& config) { return config.domains.size() == 1; }

data::StreamNeeds fakes_of(const MetaConfig& config, const data::StreamNeeds& base, int64_t domain) {
  auto fakes = base;
  fakes.name = fakes_stream(config, domain);
  fakes.label = "fake";
  const auto& name = single(config) ? config.domains.front() : config.domains[static_cast<size_t>(domain)];
  if (name != "any") { fakes.methods = {name}; }
  if (single(config)) { fakes.fold = {config.share, /*second=*/domain == 1, base.seed}; }
  fakes.group = config.samples;
  fakes.batch = config.samples * config.episodes;
  return fakes;
}

/// One face a video, of the validation split, without augmentation.
data::StreamNeeds reference_of(const MetaConfig& config, const data::StreamNeeds& base, int64_t domain) {
  auto faces = fakes_of(config, base, domain);
  faces.name = reference_stream(config, domain);
  faces.split = "val";
  faces.label = "any";
  faces.balance = "label";
  faces.fold = {};
  faces.augment = {};
  faces.companion = {};
  faces.truth = false;
  faces.fixed = true;
  faces.group = faces.accumulate = 1;
  faces.batch = config.reference;
  return faces;
}

}  // namespace

int64_t MetaConfig::domain_count() const { return std::max<int64_t>(2, static_cast<int64_t>(domains.size())); }

void fields(Visitor& v, MetaConfig& c) {
  v.field("mode", c.mode, {"episodes", "none"});
  v.methods("domains", c.domains);
  v.field("test", c.test, within(1, 1024));
  v.field("share", c.share, inside(0, 1));
  v.field("samples", c.samples, within(1, 65536));
  v.field("episodes", c.episodes, within(1, 65536));
  v.field("steps", c.inner.steps, within(0, 1024));
  v.field("rate", c.inner.rate, within(0, 1e6));
  v.field("second_order", c.inner.second_order);
  v.field("reference", c.reference, within(0, 1 << 20));
  v.field("loss_at", c.loss_at, {"selected", "pre"});
  v.field("test_cls", c.test_cls, {"all", "test"});
}

void check(const MetaConfig& c, Checker& checker) {
  if (c.domains.empty()) {
    checker.fault({"meta.domains"}, "meta.domains is empty; list the manipulations to learn from");
  }
  if (std::set<std::string>(c.domains.begin(), c.domains.end()).size() != c.domains.size()) {
    checker.fault({"meta.domains"}, "meta.domains names a manipulation twice");
  }
  if (c.test >= c.domain_count()) {
    checker.fault({"meta.test", "meta.domains"},
                  fmt::format("meta.test is {}, but there are {} domains, of which one at least must be left for "
                              "meta-train; name more meta.domains",
                              c.test, c.domain_count()));
  }
  if (c.reference % 2 != 0) {
    checker.fault({"meta.reference"}, "meta.reference must be even: half of its faces are real");
  }
}

DomainSplit draw_domains(const MetaConfig& config, uint64_t seed, int64_t update, int64_t episode) {
  if (single(config)) { return {{0}, {1}}; }
  CounterRng rng(seed, CounterRng::Purpose::episode, {static_cast<uint64_t>(update), static_cast<uint64_t>(episode)});
  auto order = rng.sample(config.domain_count(), config.domain_count());
  DomainSplit split;
  const auto cut = order.end() - config.test;
  split.train.assign(order.begin(), cut);
  split.test.assign(cut, order.end());
  return split;
}

std::string fakes_stream(const MetaConfig& config, int64_t domain) {
  if (single(config)) { return domain == 0 ? "fake.train" : "fake.test"; }
  return "fake." + config.domains[static_cast<size_t>(domain)];
}

std::string reference_stream(const MetaConfig& config, int64_t domain) {
  return "reference." + fakes_stream(config, domain).substr(5);
}

std::vector<data::StreamNeeds> episode_streams(const MetaConfig& config, const data::StreamNeeds& base) {
  auto reals = base;
  reals.name = kRealStream;
  reals.label = "real";
  const bool episodes = config.mode == "episodes", fresh = episodes && single(config);
  reals.group = (config.domain_count() + (fresh ? 1 : 0)) * config.samples;
  reals.batch = reals.group * config.episodes;
  std::vector<data::StreamNeeds> streams{reals};
  for (int64_t domain = 0; domain < config.domain_count(); ++domain) {
    streams.push_back(fakes_of(config, base, domain));
    if (episodes && config.reference > 0) { streams.push_back(reference_of(config, base, domain)); }
  }
  if (fresh) {
    auto again = fakes_of(config, base, 0);
    again.name = kFreshStream;
    again.seed = mix({base.seed, 1});
    streams.push_back(again);
  }
  return streams;
}

void require_distinct(const data::Batch& reference, const std::string& domain, int64_t faces) {
  const std::set<int64_t> seen(reference.samples.begin(), reference.samples.end());
  const bool again =
      std::any_of(reference.epochs.begin(), reference.epochs.end(), [](int64_t epoch) { return epoch > 0; });
  if (!again && static_cast<int64_t>(seen.size()) == faces) { return; }
  throw DataError(fmt::format(
      "[meta.reference] {} faces, one a video and half of them real, are more than the validation split holds for '{}'; "
      "choose a smaller meta.reference, or put more videos into the validation split",
      faces, domain));
}

}  // namespace realface::stages
