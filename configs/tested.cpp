#include "configs/tested.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace realface::configs {
namespace {

using stages::Test;
using stages::TestBlock;

using Sets = std::map<std::string, data::Folders>;

std::string trained_on(const Protocol& protocol) {
  return protocol.methods.empty() ? "all" : fmt::format("{}", fmt::join(protocol.methods, ", "));
}

std::vector<TestBlock> intra_dataset(const Protocol& protocol, const Sets& sets) {
  std::vector<TestBlock> blocks;
  for (const auto& [set, folder] : sets) {
    TestBlock block{{kWholeCell, trained_on(protocol), set, "", /*in_mean=*/false}};
    for (const auto& method : protocol.methods) {
      block.push_back({kWholeCell, trained_on(protocol), set, method, /*in_mean=*/false});
    }
    blocks.push_back(std::move(block));
  }
  return blocks;
}

TestBlock whole_sets(const std::string& cell, const std::string& trained, const Sets& sets) {
  TestBlock block;
  for (const auto& [set, folder] : sets) { block.push_back({cell, trained, set, "", /*in_mean=*/true}); }
  return block;
}

std::vector<TestBlock> cross_manipulation(const Protocol& protocol, const Sets& sets, bool named_sets) {
  std::vector<TestBlock> blocks;
  for (const auto& trained : protocol.methods) {
    if (named_sets) {
      blocks.push_back(whole_sets(trained, trained, sets));
      continue;
    }
    TestBlock block;
    for (const auto& method : protocol.methods) {
      block.push_back({trained, trained, sets.begin()->first, method, /*in_mean=*/method != trained});
    }
    blocks.push_back(std::move(block));
  }
  return blocks;
}

std::vector<TestBlock> leave_one_out(const Protocol& protocol, const Sets& sets) {
  std::vector<TestBlock> blocks;
  for (const auto& [set, folder] : sets) {
    TestBlock block;
    for (const auto& method : protocol.methods) {
      block.push_back({method, "all but " + method, set, method, /*in_mean=*/true});
    }
    blocks.push_back(std::move(block));
  }
  return blocks;
}

}  // namespace

std::map<std::string, data::Folders> sets_of(const Config& evaluation) {
  const auto& sets = evaluation.data.sets;
  if (!sets.empty()) { return {sets.begin(), sets.end()}; }
  return {{"test", evaluation.data.shards}};
}

std::vector<TestBlock> tests_of(const Protocol& protocol, const Config& evaluation) {
  const auto sets = sets_of(evaluation);
  if (protocol.kind == "intra-dataset") { return intra_dataset(protocol, sets); }
  if (protocol.kind == "cross-dataset") { return {whole_sets(kWholeCell, trained_on(protocol), sets)}; }
  if (protocol.kind == "leave-one-out") { return leave_one_out(protocol, sets); }
  return cross_manipulation(protocol, sets, !evaluation.data.sets.empty());
}

}  // namespace realface::configs
