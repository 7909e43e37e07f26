#pragma once

#include <torch/types.h>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "base/settings.h"
#include "models/vit/config.h"

namespace realface::models {

/// The detector of RFFR: its vision transformers, and what they are shown.
struct RffrConfig {
  VitConfig vit;                   // of each branch
  int64_t blocks = 4;              // a side, within a border of one patch (F1)
  std::string inputs = "both";     // both | original | residual: which branches there are (Table 5)
  std::string source = "masked";   // masked | autoencoder | high_pass: what is subtracted from the face (Table 8, F13)
  std::string patches = "random";  // random: those of blocks that are drawn anew in each update, of all blocks in a
                                   // test | whole: every patch of the picture, always (Table 5)
  std::string pool = "class";      // class | mean: what a branch says: its class token's output, or the mean of its
                                   // patches' (F7), which learns sooner
  bool compat_official = false;    // as the published code has it, for weights that it trained (F6)

  bool has_original() const { return inputs != "residual"; }
  bool has_residual() const { return inputs != "original"; }
  bool needs_autoencoder() const { return has_residual() && source != "high_pass"; }
};

/// Keys of the transformers, and those of the rest.
void vit_fields(Visitor& visitor, RffrConfig& config);
void input_fields(Visitor& visitor, RffrConfig& config);
void check(const RffrConfig& config, Checker& checker);

/// Patches a side of a block, and the patches of every block, i64 [blocks * blocks, side * side], ascending in each.
int64_t block_side(const RffrConfig& config);
torch::Tensor block_patches(const RffrConfig& config);

/// {"architecture": "rffr", "image": 224, ..., "inputs": "both", ...}, and back. Originals are normalised by ImageNet's
/// statistics (F3).
nlohmann::json describe(const RffrConfig& config);
/// Throws Error if it describes another architecture or says what this program does not know.
RffrConfig rffr_description(const nlohmann::json& description);

}  // namespace realface::models
