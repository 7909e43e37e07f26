#include "configs/check.h"

#include <initializer_list>

#include "data/faces/masks.h"

namespace realface::configs {
namespace {

std::string times(int64_t count, const std::string& what) { return std::to_string(count) + " " + what; }

class Checker {
 public:
  Checker(const Leaves& leaves, Faults& faults) : leaves_(leaves), faults_(faults) {}

  /// Notes a fault at the first of the keys that was written down.
  void fault(std::initializer_list<const char*> keys, const std::string& text) {
    for (const auto* key : keys) {
      const auto found = leaves_.find(key);
      if (found != leaves_.end()) { return faults_.add(found->second.origin, text); }
    }
    faults_.add(*keys.begin(), text);
  }

  void divides(const char* part_key, int64_t part, const char* whole_key, int64_t whole) {
    if (whole % part == 0) { return; }
    fault({part_key, whole_key}, std::string(part_key) + " " + std::to_string(part) + " does not divide " + whole_key +
                                     " " + std::to_string(whole));
  }

 private:
  const Leaves& leaves_;
  Faults& faults_;
};

void check_model(const models::MaeConfig& model, Checker& check) {
  check.divides("model.patch", model.patch, "model.image", model.image);
  check.divides("model.heads", model.heads, "model.width", model.width);
  check.divides("model.decoder_heads", model.decoder_heads, "model.decoder_width", model.decoder_width);
  // The sine-cosine table gives a quarter of the width to each of sine and cosine of row and column.
  if (model.width % 4 != 0) { check.fault({"model.width"}, "model.width must be a multiple of 4"); }
  if (model.decoder_width % 4 != 0) {
    check.fault({"model.decoder_width"}, "model.decoder_width must be a multiple of 4");
  }
}

void check_mask(const stages::PretrainConfig& pretrain, Checker& check) {
  const auto& mask = pretrain.mask;
  const int64_t grid = pretrain.model.grid();
  if (pretrain.model.image % pretrain.model.patch != 0) {
    return;  // said already; the grid means nothing
  }
  if (mask.kind == "none") {
    check.fault({"mask.kind", "stage"}, "mask.kind is 'none', but pretraining restores masked patches; choose a kind");
    return;
  }
  if (mask.kind == "tube") {
    check.fault({"mask.kind"}, "mask.kind is 'tube', which masks clips, but this model sees single faces; use random");
    return;
  }
  for (const auto& fault : data::mask_faults(mask, grid)) {
    const auto key = "mask." + fault.substr(0, fault.find(' '));
    check.fault({key.c_str(), "mask.kind", "model.patch", "model.image"},
                "mask." + fault + " (the model has a grid of " + std::to_string(grid) + " x " + std::to_string(grid) +
                    " patches)");
  }
}

void check_train(const stages::TrainConfig& train, Checker& check) {
  if (train.batch % train.accumulate != 0) {
    check.fault({"train.accumulate", "train.batch"},
                "train.batch " + std::to_string(train.batch) + " cannot be cut into " +
                    times(train.accumulate, "equal micro-batches (train.accumulate)"));
  }
  if (train.schedule.lr == 0 && train.schedule.lr_abs == 0) {
    check.fault({"train.lr", "train.lr_abs"}, "train.lr and train.lr_abs are both 0: nothing would be learnt");
  }
  if (train.optimizer.kind == "adam" && train.schedule.lr_abs == 0) {
    check.fault({"train.optimizer"},
                "train.optimizer is 'adam', whose rates are absolute (G14); give train.lr_abs instead of train.lr");
  }
}

}  // namespace

void check_combinations(const Config& config, const Leaves& leaves, Faults& faults) {
  Checker check(leaves, faults);
  const auto& pretrain = config.stage.pretrain;
  check_model(pretrain.model, check);
  check_mask(pretrain, check);
  check_train(pretrain.train, check);
  if (pretrain.pixels == "unit" && pretrain.model.norm_pix) {
    check.fault({"model.norm_pix", "model.pixels"},
                "model.norm_pix normalises each patch, model.pixels 'unit' keeps raw values (F3); choose one");
  }
}

void check_required(const Config& config, const std::string& file, Faults& faults) {
  if (config.run.dir.empty()) {
    faults.add(file, "run.dir is not set; add run.dir=FOLDER, where checkpoints and metrics go");
  }
  if (config.data.shards.empty()) {
    faults.add(file, "data.shards is not set; add data.shards=FOLDER, made by `realface preprocess`");
  }
}

}  // namespace realface::configs
