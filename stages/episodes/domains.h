#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/settings.h"
#include "data/streams.h"
#include "stages/episodes/inner_loop.h"

/// The domains of meta-learning: each is one manipulation's fakes and as many reals (D9).
namespace realface::stages {

struct MetaConfig {
  std::string mode = "episodes";  // episodes | none: plain gradient descent on the union of the domains (ablation)
  std::vector<std::string> domains = {"Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures"};  // manipulations;
                                                                                                // "any": all fakes
  int64_t test = 1;      // domains of an episode's meta-test; the others are its meta-train
  double share = 0.8;    // a single domain: share of its videos that are meta-train, the others are meta-test
  int64_t samples = 4;   // real and as many fake faces of a domain
  int64_t episodes = 1;  // an update, over all ranks and micro-batches
  InnerConfig inner;
  int64_t reference = 32;            // faces of the set that chooses among the inner steps, half of them real; 0: none
  std::string loss_at = "selected";  // selected: meta-train loss after the chosen step (the papers) | pre: before it
                                     // (the reference code)
  std::string test_cls = "all";      // whose cross-entropy the meta-test counts: all | test: its own domains alone

  /// How many domains an episode sees: a single one counts as two, meta-train and meta-test.
  int64_t domain_count() const;
  int64_t faces() const { return domain_count() * samples * 2; }  // of an episode, the fresh batch (below) apart
};

void fields(Visitor& visitor, MetaConfig& config);
void check(const MetaConfig& config, Checker& checker);

/// The split of an episode's domains into meta-train and meta-test, redrawn for each episode and keyed by (seed,
/// update, episode), so that every rank draws the same. With a single domain, always {0} and {1}.
struct DomainSplit {
  std::vector<int64_t> train, test;
};
DomainSplit draw_domains(const MetaConfig& config, uint64_t seed, int64_t update, int64_t episode);

/// The streams of episodes, for pictures of `base.image`: "real", whose reals are shared out among an episode's
/// domains, the fakes of each domain (fakes_stream), and its reference set (reference_stream). `base` says all that is
/// the same in the first two kinds.
std::vector<data::StreamNeeds> episode_streams(const MetaConfig& config, const data::StreamNeeds& base);
inline constexpr const char* kRealStream = "real";
std::string fakes_stream(const MetaConfig& config, int64_t domain);
std::string reference_stream(const MetaConfig& config, int64_t domain);
/// Of a single domain: another batch of its meta-train fakes, since there is no other domain to be joined with the
/// meta-test (D12).
inline constexpr const char* kFreshStream = "fresh";

/// Throws DataError, naming the domain, if the reference set shows a face twice: it is larger than the split.
void require_distinct(const data::Batch& reference, const std::string& domain, int64_t faces);

}  // namespace realface::stages
