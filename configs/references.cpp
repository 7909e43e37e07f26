#include "configs/references.h"

#include <fmt/format.h>

#include <filesystem>

#include "configs/fields.h"
#include "configs/run_folder.h"
#include "configs/skimmer.h"

namespace realface::configs {
namespace {

/// Visits the references alone.
class References final : public Skimmer {
 public:
  References(const std::map<std::string, std::string>& entries, const Leaves& leaves, Faults& faults)
      : entries_(entries), leaves_(leaves), faults_(faults) {}

  void weights(const Key& key, std::string& value) override {
    if (value.empty()) { return; }
    if (const auto entry = entries_.find(value); entry != entries_.end()) {
      value = entry->second;
    } else if (!std::filesystem::is_regular_file(value) && !has_finished(value)) {
      wrong(dotted(key), value);
    }
  }

 private:
  void wrong(const std::string& key, const std::string& value) {
    const auto leaf = leaves_.find(key);
    const bool unfinished = std::filesystem::is_directory(value);
    faults_.add(leaf == leaves_.end() ? key : leaf->second.origin,
                fmt::format("{} is '{}', which is {}; expected an entry that stands earlier in the same system file, a "
                            "finished run folder or a weights file: give {}=RUN",
                            key, value, unfinished ? "no finished run" : "none of these", key));
  }

  const std::map<std::string, std::string>& entries_;
  const Leaves& leaves_;
  Faults& faults_;
};

}  // namespace

void resolve_references(Config& config, const std::map<std::string, std::string>& entries, const Leaves& leaves,
                        Faults& faults) {
  References references(entries, leaves, faults);
  fields(references, config);
}

}  // namespace realface::configs
