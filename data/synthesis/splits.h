#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace realface::data::synthesis {

/// Two identities that lend each other their faces: reals a and b, fakes a_b and b_a.
using Pair = std::pair<int64_t, int64_t>;

/// "007": as many digits as the last of `identities` needs, at least three. An id is a string, zeros included.
std::string identity_name(int64_t number, int64_t identities);

/// The identities 0..n-1 in pairs drawn by seed, under "train", "val" and "test" as 72 : 14 : 14, at least one pair
/// each. `identities` is even and at least 6, else UsageError. held_out: identities of the test split, even; 0: 14 %.
std::map<std::string, std::vector<Pair>> make_splits(int64_t identities, uint64_t seed, int64_t held_out = 0);

/// The pairs as FaceForensics++ writes them: [["071","054"], ...].
std::string split_json(const std::vector<Pair>& pairs, int64_t identities);

}  // namespace realface::data::synthesis
