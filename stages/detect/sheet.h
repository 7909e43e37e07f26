#pragma once

#include <torch/types.h>
#include <cstdint>
#include <filesystem>
#include <map>
#include <vector>

namespace realface::stages {

/// A face as a person may look at it.
struct Look {
  double seconds = 0, p_fake = 0;
  torch::Tensor face;  // u8 [H, W, 3] RGB
  torch::Tensor heat;  // f32 [H, W] in [0, 1], to be laid over it (PersonScores::heat); or undefined
};

/// A few of a person's faces, evenly spread over however many there will be.
class Looks {
 public:
  explicit Looks(size_t most = 8) : most_(most) {}
  void add(const Look& look);  // keeps copies
  /// At most `most`, in the order of their times.
  std::vector<Look> chosen() const;

 private:
  size_t most_;
  int64_t stride_ = 1, count_ = 0;
  std::vector<Look> kept_;  // every stride_-th
};

/// A PNG with a row for each person: faces with their times and scores, and below them, if there is any, the same faces
/// under their heat in orange, outlined above 0.5. Throws Error if it cannot be written.
void write_contact_sheet(const std::filesystem::path& path, const std::map<int64_t, Looks>& people);

}  // namespace realface::stages
