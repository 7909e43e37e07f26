#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/settings.h"
#include "configs/leaves.h"

namespace realface::configs {

/// Fills a configuration from leaves and notes what is wrong with them. Holds both references.
class Reader final : public Visitor {
 public:
  Reader(const Leaves& leaves, Faults& faults) : leaves_(leaves), faults_(faults) {}

  void enter(const std::string& group) override;
  void leave() override;
  void field(const Key& key, std::string& value, const Choices& choices) override;
  void field(const Key& key, int64_t& value, const Range& range) override;
  void field(const Key& key, uint64_t& value) override;
  void field(const Key& key, double& value, const Range& range) override;
  void field(const Key& key, bool& value) override;
  void field(const Key& key, std::vector<std::string>& values) override;
  void table(const Key& key, std::map<std::string, std::string>& values) override;

  /// After all fields: is this a key, or a name in a table?
  bool knows(const std::string& key) const;
  /// After all fields: notes a fault for a leaf that no field asked for, with the nearest valid key.
  void unknown(const std::string& key, const Leaf& leaf);

 private:
  std::string full(const Key& key) const;
  const Leaf* look_up(const Key& key);
  const Leaf* look_up_value(const Key& key);
  void wrong(const Key& key, const Leaf& leaf, const std::string& expected);

  const Leaves& leaves_;
  Faults& faults_;
  std::vector<std::string> groups_;
  std::set<std::string> all_groups_, tables_;
  std::vector<std::string> keys_;
};

}  // namespace realface::configs
