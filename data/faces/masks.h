#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/settings.h"
#include "data/faces/landmarks.h"

namespace realface::data {

/// Which patches a masked autoencoder must restore. docs/decisions.md says what the papers leave open: G1-G7, F1-F2 and
/// E1-E2, cited where each applies.
struct MaskConfig {
  std::string kind = "random";  // none | random (MAE) | part (DeepfakeMAE) | roi_part (Recap, Delocate) | tube
                                // (VideoMAE) | block (RFFR) | key_region (LRE)
  double ratio = 0.75;  // share masked: of the image (random, tube, key_region), of the part (part), of its signed
                        // patches (roi_part)
  std::string parts = "literal";  // literal | semantic: how the three facial parts are cut (G2)
  std::string only = "all";       // all | eyes | nose | lips: always the same part (ablation)
  double roi_tau = 0.25;   // a patch is signed when this share of it lies in a region of interest (G4); 0 signs every
                           // patch (ablation without regions)
  int64_t blocks = 4;      // block: as many of them fill a side of the picture within a border of one patch (F1)
  double key_share = 0.9;  // key_region: share of the key patches that is masked (E2)
  int64_t equalise =
      0;  // 0: as drawn; else exactly this many masked patches, filled from the same part, then from the rest (G7)
};

void fields(Visitor& visitor, MaskConfig& config);
/// Notes what keeps a network from restoring such masks: no masks, those of clips for one of single faces, mask_faults.
void check_face_mask(const MaskConfig& config, int64_t image, int64_t patch, bool of_clips, Checker& checker);

/// What is wrong with a configuration, one sentence a fault, each starting with the key ("ratio is 1.2; ..."). Empty
/// if draw_mask can serve it.
std::vector<std::string> mask_faults(const MaskConfig& config, int64_t grid);

/// Draws the mask of one sample: one byte a patch, 1 = masked, row-major over the `grid` x `grid` patches of `patch`
/// pixels; of a clip of several `slots` one after another, the same in each (tubes, G11) but for the kind random, which
/// draws each by itself (RC7). The same (seed, epoch, sample) gives the same mask on any rank. Thread-safe. If the
/// landmarks leave no valid mask, falls back to random (G2). Throws ConfigError for a configuration that mask_faults
/// refuses.
std::vector<uint8_t> draw_mask(const MaskConfig& config, int64_t grid, int64_t patch, Landmarks landmarks,
                               uint64_t seed, uint64_t epoch, uint64_t sample, int64_t slots = 1);

/// The masks of a sample's passes of reconstruction (G10), the same in every epoch: pass j masks facial part j, if the
/// kind has parts and `only` does not choose one, else it is the j-th independent draw. With `cover`, each is followed
/// by the mask of all else that it might have drawn (of its candidates in the part; of the image for other kinds).
/// [passes, N], or [2 * passes, N] with cover. Otherwise as draw_mask.
std::vector<uint8_t> draw_passes(const MaskConfig& config, int64_t passes, bool cover, int64_t grid, int64_t patch,
                                 Landmarks landmarks, uint64_t seed, uint64_t sample, int64_t slots = 1);

/// The number of masked patches of a slot if it is the same for every sample, else 0: fixed counts need no padding and
/// no agreement on a mask count.
int64_t fixed_mask_count(const MaskConfig& config, int64_t grid);

}  // namespace realface::data
