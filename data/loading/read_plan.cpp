#include "data/loading/read_plan.h"

#include <algorithm>

namespace realface::data {
namespace {

constexpr uint64_t kGap = 64 << 10, kMost = 1 << 20;
constexpr size_t kMostPieces = 16;

}  // namespace

FileRange ReadPlan::range_of(const Dataset& dataset, size_t group) const {
  FileRange range = dataset.range_of(pieces[groups[group]].number);
  range.end = dataset.range_of(pieces[groups[group + 1] - 1].number).end;
  return range;
}

ReadPlan make_read_plan(const Dataset& dataset, const Items& items, std::vector<Draw> draws) {
  ReadPlan plan;
  const auto frames = static_cast<size_t>(items.frames());
  plan.numbers.resize(draws.size() * frames);
  for (size_t row = 0; row < draws.size(); ++row) {
    items.frames_of(draws[row], &plan.numbers[row * frames]);
    for (size_t t = 0; t < frames; ++t) {
      plan.pieces.push_back({plan.numbers[row * frames + t], static_cast<uint32_t>(row), static_cast<uint32_t>(t)});
    }
  }
  plan.draws = std::move(draws);
  // A frame's number grows with its place, shard after shard.
  std::stable_sort(plan.pieces.begin(), plan.pieces.end(),
                   [](const Piece& a, const Piece& b) { return a.number < b.number; });
  FileRange together;
  for (size_t i = 0; i < plan.pieces.size(); ++i) {
    const FileRange one = dataset.range_of(plan.pieces[i].number);
    const bool joins = i > 0 && one.shard == together.shard && one.begin <= together.end + kGap &&
                       one.end - together.begin <= kMost && i - plan.groups.back() < kMostPieces;
    if (!joins) {
      plan.groups.push_back(static_cast<uint32_t>(i));
      together = one;
    }
    together.end = std::max(together.end, one.end);
  }
  plan.groups.push_back(static_cast<uint32_t>(plan.pieces.size()));
  return plan;
}

}  // namespace realface::data
