#include "data/synthesis/splits.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/counter_rng.h"
#include "base/error.h"

namespace realface::data::synthesis {

std::string identity_name(int64_t number, int64_t identities) {
  const size_t width = std::max<size_t>(3, std::to_string(identities - 1).size());
  const std::string digits = std::to_string(number);
  return std::string(width - std::min(width, digits.size()), '0') + digits;
}

std::map<std::string, std::vector<Pair>> make_splits(int64_t identities, uint64_t seed, int64_t held_out) {
  if (identities < 6 || identities % 2 != 0) {
    throw UsageError(
        "[synth] " + std::to_string(identities) +
        " identities; they swap faces in pairs, with a pair for each of train, val and test: give an even number of at least 6");
  }
  CounterRng rng(seed, CounterRng::Purpose::split, {static_cast<uint64_t>(identities)});
  const std::vector<int64_t> order = rng.sample(identities, identities);
  const int64_t pairs = identities / 2;
  const int64_t val = std::max<int64_t>(1, std::llround(0.14 * static_cast<double>(pairs)));
  const int64_t test = held_out > 0 ? held_out / 2 : val;
  if (held_out < 0 || held_out % 2 != 0 || val + test >= pairs) {
    throw UsageError("[synth] " + std::to_string(held_out) + " of " + std::to_string(identities) +
                     " identities to be held out; expected an even number that leaves some for train and val");
  }
  std::map<std::string, std::vector<Pair>> splits;
  for (int64_t pair = 0; pair < pairs; ++pair) {
    const int64_t left = pairs - 1 - pair;
    const char* name = left < test ? "test" : left < test + val ? "val" : "train";
    splits[name].emplace_back(order[static_cast<size_t>(2 * pair)], order[static_cast<size_t>(2 * pair + 1)]);
  }
  return splits;
}

std::string split_json(const std::vector<Pair>& pairs, int64_t identities) {
  nlohmann::json list = nlohmann::json::array();
  for (const auto& [first, second] : pairs) {
    list.push_back({identity_name(first, identities), identity_name(second, identities)});
  }
  return list.dump() + "\n";
}

}  // namespace realface::data::synthesis
