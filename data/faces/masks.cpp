#include "data/faces/masks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "base/counter_rng.h"
#include "base/error.h"
#include "data/faces/mask_regions.h"

namespace realface::data {
namespace {

const std::vector<std::string> kKinds = {"none", "random", "part", "roi_part", "tube", "block", "key_region"};
const std::vector<std::string> kCuts = {"literal", "semantic"};
const std::vector<std::string> kOnly = {"all", "eyes", "nose", "lips"};

/// The masked patches in drawing order, and the part that more may be taken from.
struct DrawnMask {
  Patches masked;
  Patches part;
};

/// `count` of `from`, uniform, without replacement, in drawing order.
Patches choose(CounterRng& rng, const Patches& from, int64_t count) {
  Patches chosen = rng.sample(static_cast<int64_t>(from.size()), count);
  for (auto& index : chosen) { index = from[static_cast<size_t>(index)]; }
  return chosen;
}

int64_t floor_share(double share, size_t count) {
  return static_cast<int64_t>(std::floor(share * static_cast<double>(count)));
}

/// As MAE counts: int(N * (1 - ratio)) stay visible.
int64_t image_share(double ratio, int64_t patches) {
  return patches - static_cast<int64_t>(static_cast<double>(patches) * (1.0 - ratio));
}

DrawnMask uniform(CounterRng& rng, int64_t patches, int64_t count) { return {rng.sample(patches, count), {}}; }

/// For a face without valid parts: as many patches as one part of average size would lose.
DrawnMask instead_of_part(const MaskConfig& config, CounterRng& rng, int64_t patches) {
  return uniform(rng, patches, std::max<int64_t>(1, floor_share(config.ratio / 3, static_cast<size_t>(patches))));
}

/// One part a sample, uniform over the three (G5), or the part of the ablation.
const Patches& draw_part(const MaskConfig& config, CounterRng& rng, const Parts& parts) {
  const std::array<const Patches*, 3> all{&parts.eyes, &parts.nose, &parts.lips};
  if (config.only == "all") { return *all[rng.below(3)]; }
  return config.only == "eyes" ? parts.eyes : config.only == "nose" ? parts.nose : parts.lips;
}

DrawnMask whole_part(const MaskConfig& config, CounterRng& rng, const Parts& parts) {
  const Patches& part = draw_part(config, rng, parts);
  return {choose(rng, part, std::max<int64_t>(1, floor_share(config.ratio, part.size()))), part};
}

DrawnMask regions_of_part(const MaskConfig& config, CounterRng& rng, const Parts& parts, Geometry geometry,
                          Landmarks landmarks) {
  constexpr int kTries = 3;  // G6
  const auto is_signed = signed_patches(regions_of_interest(landmarks), geometry, config.roi_tau);
  const Patches* part = nullptr;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    part = &draw_part(config, rng, parts);
    Patches candidates;
    std::copy_if(part->begin(), part->end(), std::back_inserter(candidates),
                 [&](int64_t id) { return is_signed[static_cast<size_t>(id)] != 0; });
    if (candidates.size() < 2) { continue; }
    return {choose(rng, candidates, std::max<int64_t>(1, floor_share(config.ratio, candidates.size()))), *part};
  }
  return {choose(rng, *part, std::max<int64_t>(1, floor_share(config.ratio, part->size()))), *part};
}

DrawnMask facial(const MaskConfig& config, CounterRng& rng, Geometry geometry, Landmarks landmarks) {
  if (!plausible(landmarks)) { return instead_of_part(config, rng, geometry.patches()); }
  const auto parts = facial_parts(config.parts, geometry, landmarks);
  if (!parts) { return instead_of_part(config, rng, geometry.patches()); }
  return config.kind == "part" ? whole_part(config, rng, *parts)
                               : regions_of_part(config, rng, *parts, geometry, landmarks);
}

/// Patches a side of RFFR's blocks, 3 of 14 for 4 blocks (F1).
int64_t block_side(const MaskConfig& config, int64_t grid) { return (grid - 2) / config.blocks; }

/// Anywhere but on the border (F2).
DrawnMask block(const MaskConfig& config, CounterRng& rng, int64_t grid) {
  const int64_t side = block_side(config, grid);
  const auto offsets = static_cast<uint64_t>(grid - 1 - side);
  const auto row = 1 + static_cast<int64_t>(rng.below(offsets));
  const auto column = 1 + static_cast<int64_t>(rng.below(offsets));
  DrawnMask draw;
  for (int64_t i = 0; i < side * side; ++i) { draw.masked.push_back(grid * (row + i / side) + column + i % side); }
  return draw;
}

/// All patches but `without`, ascending.
Patches complement(int64_t patches, Patches without) {
  std::sort(without.begin(), without.end());
  Patches all(static_cast<size_t>(patches));
  std::iota(all.begin(), all.end(), int64_t{0});
  Patches rest;
  std::set_difference(all.begin(), all.end(), without.begin(), without.end(), std::back_inserter(rest));
  return rest;
}

/// Adds patches of `from` that are not masked yet, at random, until there are `count` in all or none is left.
void fill(CounterRng& rng, Patches& masked, Patches from, int64_t count) {
  std::erase_if(from, [&](int64_t id) { return std::find(masked.begin(), masked.end(), id) != masked.end(); });
  const Patches more = choose(rng, from, std::max<int64_t>(0, count - static_cast<int64_t>(masked.size())));
  masked.insert(masked.end(), more.begin(), more.end());
}

DrawnMask key_region(const MaskConfig& config, CounterRng& rng, Geometry geometry, Landmarks landmarks) {
  const int64_t count = image_share(config.ratio, geometry.patches());
  if (!plausible(landmarks)) { return uniform(rng, geometry.patches(), count); }
  const Patches key = key_patches(geometry, landmarks);
  const auto share = static_cast<int64_t>(std::llround(config.key_share * static_cast<double>(key.size())));
  DrawnMask draw{choose(rng, key, std::min(count, share)), {}};
  fill(rng, draw.masked, complement(geometry.patches(), key), count);
  fill(rng, draw.masked, key, count);  // only a region of nearly the whole picture leaves too few outside
  return draw;
}

DrawnMask draw_patches(const MaskConfig& config, CounterRng& rng, Geometry geometry, Landmarks landmarks) {
  if (config.kind == "random") {
    return uniform(rng, geometry.patches(), image_share(config.ratio, geometry.patches()));
  }
  if (config.kind == "tube") {
    return uniform(rng, geometry.patches(), floor_share(config.ratio, static_cast<size_t>(geometry.patches())));
  }
  if (config.kind == "block") { return block(config, rng, geometry.grid); }
  if (config.kind == "key_region") { return key_region(config, rng, geometry, landmarks); }
  return facial(config, rng, geometry, landmarks);
}

void require_valid(const MaskConfig& config, int64_t grid) {
  const auto faults = mask_faults(config, grid);
  if (faults.empty()) { return; }
  std::string all = "[mask] ";
  for (const auto& fault : faults) { all += (all.size() > 7 ? "; " : "") + fault; }
  throw ConfigError(all);
}

/// Of one slot, appended to `masks`.
void add_mask(const MaskConfig& config, Geometry geometry, Landmarks landmarks, CounterRng& rng,
              std::vector<uint8_t>& masks) {
  DrawnMask draw = draw_patches(config, rng, geometry, landmarks);
  if (config.equalise > 0) {
    fill(rng, draw.masked, draw.part, config.equalise);
    fill(rng, draw.masked, complement(geometry.patches(), draw.masked), config.equalise);
    draw.masked.resize(static_cast<size_t>(config.equalise));  // drawing order is uniform, so what is cut off is too
  }
  const size_t first = masks.size();
  masks.resize(first + static_cast<size_t>(geometry.patches()), 0);
  for (const int64_t id : draw.masked) { masks[first + static_cast<size_t>(id)] = 1; }
}

}  // namespace

std::vector<std::string> mask_faults(const MaskConfig& config, int64_t grid) {
  std::vector<std::string> faults;
  const auto one_of = [&](const char* key, const std::string& value, const std::vector<std::string>& valid) {
    if (std::find(valid.begin(), valid.end(), value) != valid.end()) { return; }
    std::string list;
    for (const auto& word : valid) { list += (list.empty() ? "" : ", ") + word; }
    faults.push_back(std::string(key) + " is '" + value + "'; expected one of " + list);
  };
  const auto open_share = [&](const char* key, double value, bool allow_one) {
    if (value > 0 && (allow_one ? value <= 1 : value < 1)) { return; }
    faults.push_back(std::string(key) + " is " + std::to_string(value) + "; expected a share above 0 and " +
                     (allow_one ? "at most 1" : "below 1"));
  };
  one_of("kind", config.kind, kKinds);
  one_of("parts", config.parts, kCuts);
  one_of("only", config.only, kOnly);
  open_share("ratio", config.ratio, config.kind == "part" || config.kind == "roi_part");
  open_share("key_share", config.key_share, true);
  if (!(config.roi_tau >= 0 && config.roi_tau <= 1)) {
    faults.push_back("roi_tau is " + std::to_string(config.roi_tau) + "; expected a share of 0 to 1");
  }
  if (config.kind == "block" && (grid < 3 || (grid - 2) % config.blocks != 0)) {
    faults.push_back(
        fmt::format("kind is 'block' on a grid of {0} patches a side, whose {1} within the border cannot be "
                    "cut into {2} blocks a side; give a mask.blocks that divides {1}",
                    grid, grid - 2, config.blocks));
  }
  if (config.equalise < 0 || config.equalise >= grid * grid) {
    faults.push_back("equalise is " + std::to_string(config.equalise) + "; expected 0 to " +
                     std::to_string(grid * grid - 1) + " patches");
  }
  return faults;
}

std::vector<uint8_t> draw_mask(const MaskConfig& config, int64_t grid, int64_t patch, Landmarks landmarks,
                               uint64_t seed, uint64_t epoch, uint64_t sample, int64_t slots) {
  require_valid(config, grid);
  const Geometry geometry{grid, patch};
  const auto patches = static_cast<size_t>(geometry.patches());
  if (config.kind == "none") { return std::vector<uint8_t>(static_cast<size_t>(slots) * patches, 0); }
  CounterRng rng(seed, CounterRng::Purpose::mask, {epoch, sample});
  std::vector<uint8_t> masks;
  add_mask(config, geometry, landmarks, rng, masks);
  for (int64_t slot = 1; slot < slots; ++slot) {
    if (config.kind == "random") {
      add_mask(config, geometry, landmarks, rng, masks);
    } else {
      masks.resize(masks.size() + patches);
      std::copy_n(masks.begin(), patches, masks.end() - static_cast<std::ptrdiff_t>(patches));
    }
  }
  return masks;
}

std::vector<uint8_t> draw_passes(const MaskConfig& config, int64_t passes, bool cover, int64_t grid, int64_t patch,
                                 Landmarks landmarks, uint64_t seed, uint64_t sample, int64_t slots) {
  const bool by_part = config.kind == "part" || config.kind == "roi_part";
  std::vector<uint8_t> masks;
  for (int64_t pass = 0; pass < passes; ++pass) {
    MaskConfig own = config;
    if (by_part && config.only == "all") { own.only = kOnly[static_cast<size_t>(1 + pass % 3)]; }
    const auto mask = draw_mask(own, grid, patch, landmarks, seed, static_cast<uint64_t>(pass), sample, slots);
    masks.insert(masks.end(), mask.begin(), mask.end());
    if (!cover) { continue; }
    std::vector<uint8_t> candidates(mask.size(), 1);
    if (by_part) {
      own.ratio = 1;
      own.equalise = 0;
      candidates = draw_mask(own, grid, patch, landmarks, seed, static_cast<uint64_t>(pass), sample, slots);
    }
    for (size_t i = 0; i < mask.size(); ++i) { masks.push_back(candidates[i] != 0 && mask[i] == 0 ? 1 : 0); }
  }
  return masks;
}

int64_t fixed_mask_count(const MaskConfig& config, int64_t grid) {
  const int64_t patches = grid * grid;
  if (config.kind == "none") { return 0; }
  if (config.equalise > 0) { return config.equalise; }
  if (config.kind == "random" || config.kind == "key_region") { return image_share(config.ratio, patches); }
  if (config.kind == "tube") { return floor_share(config.ratio, static_cast<size_t>(patches)); }
  return config.kind == "block" ? block_side(config, grid) * block_side(config, grid) : 0;
}

}  // namespace realface::data
