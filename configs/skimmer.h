#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/settings.h"

namespace realface::configs {

/// A visitor that passes over every key, for those that look at one kind alone.
class Skimmer : public Visitor {
 public:
  void enter(const std::string& group) override { prefix_ += group + "."; }
  void leave() override { prefix_.erase(prefix_.rfind('.', prefix_.size() - 2) + 1); }
  void field(const Key&, std::string&, const Choices&) override {}
  void field(const Key&, int64_t&, const Range&) override {}
  void field(const Key&, uint64_t&) override {}
  void field(const Key&, double&, const Range&) override {}
  void field(const Key&, bool&) override {}
  void field(const Key&, std::vector<std::string>&) override {}
  void table(const Key&, std::map<std::string, std::string>&) override {}

 protected:
  std::string dotted(const Key& key) const { return prefix_ + key.name; }

 private:
  std::string prefix_;
};

}  // namespace realface::configs
