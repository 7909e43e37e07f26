#pragma once

#include <torch/types.h>
#include <array>
#include <map>
#include <string>
#include <vector>

namespace realface::data {

/// In BatchTensors::tampered, of all pixels of such a face.
inline constexpr uint8_t kNotKnown = 2;

/// The tensors of a batch: B samples of H x W pixels; clips have T frames. N patches, of a clip those of all slots.
struct BatchTensors {
  torch::Tensor images;     // u8 [B, H, W, 3] RGB; of clips and segments [B, T, H, W, 3]
  torch::Tensor landmarks;  // f32 [B, 68, 2] in crop pixels (of T frames: their median, G11)
  torch::Tensor mask;       // bool [B, N], true = masked; undefined where the stream draws none;
                            // [B, passes, N] if each sample has several, [B, T, N] if each frame has one
  torch::Tensor tampered;   // u8 [B, (T,) H, W]: 1 tampered with, 0 not, kNotKnown of a fake without a mask; undefined
                            // unless the stream self-blends or asks for the truth
  torch::Tensor companion;  // f16 [B, C, h, w]: each sample's row of the stream's companion, or undefined
  torch::Tensor labels;     // i64 [B]: 0 real, 1 fake, -1 unknown
  torch::Tensor weights;    // f32 [B]: 1, or 0 for the padding of an evaluation's last batch
};

/// All of them, for code that treats them alike.
inline constexpr std::array kBatchTensors{&BatchTensors::images,   &BatchTensors::landmarks, &BatchTensors::mask,
                                          &BatchTensors::tampered, &BatchTensors::companion, &BatchTensors::labels,
                                          &BatchTensors::weights};

/// Some samples, on the device of the world.
struct Batch : BatchTensors {
  std::vector<int64_t> epochs, samples;  // [B] the key of each sample; samples index the whole dataset
  std::vector<int64_t> frames;           // [B * T] likewise of each frame; T is 1 without a dimension of frames
  int64_t masked = 0;                    // number of masked patches in this batch; 0 if samples have several masks
  int64_t visible_max = 0;               // most visible patches of one sample: the length sequences are padded to (G7)
  bool fixed_visible = true;             // all samples have visible_max of them

  int64_t size() const { return static_cast<int64_t>(samples.size()); }
};

/// Everything one update of a stage consumes: for each stream that it named, the micro-batches of this rank.
struct Step {
  int64_t index = 0;  // 0-based number of the update
  std::map<std::string, std::vector<Batch>> streams;
  std::map<std::string, int64_t>
      masked;  // by stream: masked patches over all ranks and micro-batches, padding left out (G8)
};

}  // namespace realface::data
