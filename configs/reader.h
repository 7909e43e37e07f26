#pragma once

#include <set>
#include <string>
#include <vector>

#include "configs/leaves.h"
#include "configs/visitor.h"

namespace realface::configs {

/// Fills a configuration from leaves and notes what is wrong with them. Holds both references.
class Reader final : public Visitor {
 public:
  Reader(const Leaves& leaves, Faults& faults) : leaves_(leaves), faults_(faults) {}

  void enter(const std::string& group) override;
  void leave() override;
  void field(const std::string& key, std::string& value, const Choices& choices) override;
  void field(const std::string& key, int64_t& value, const Range& range) override;
  void field(const std::string& key, uint64_t& value) override;
  void field(const std::string& key, double& value, const Range& range) override;
  void field(const std::string& key, bool& value) override;

  /// After all fields: leaves that no field asked for are faults, with the nearest valid key.
  void finish();

 private:
  const Leaf* look_up(const std::string& key);
  void wrong(const std::string& key, const Leaf& leaf, const std::string& expected);
  void unknown(const std::string& key, const Leaf& leaf);

  const Leaves& leaves_;
  Faults& faults_;
  std::vector<std::string> groups_;
  std::set<std::string> all_groups_;
  std::vector<std::string> keys_;
};

}  // namespace realface::configs
