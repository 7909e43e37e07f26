#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/preprocess/masks/frame_mask.h"
#include "data/preprocess/video/decoder.h"

/// The masks of a video's frames, from the dataset or from the difference to the original (L5). Frame k belongs to
/// frame k, as far as both go ("Traps" in docs/datasets.md), and where both are folders of numbered
/// pictures, picture 57 to picture 57: a mask that is not there is left out.
namespace realface::data::preprocess {

/// Masks of whole frames by ordinal. They are kept packed: some kilobytes each.
class FrameMasks {
 public:
  void add(int32_t index, const FrameMask& mask);
  bool empty() const { return packed_.empty(); }
  size_t size() const { return packed_.size(); }
  std::optional<FrameMask> find(int32_t index) const;

 private:
  struct Packed {
    int width, height;
    std::string bits;
  };
  std::map<int32_t, Packed> packed_;
};

/// What lies at a path: a video, a picture, or a folder of numbered pictures.
importers::Source source_at(const std::string& path);

/// Frames by ordinal, and what gets them for ascending ordinals; one that does not decode is left out.
using Pictures = std::map<int32_t, std::shared_ptr<const Picture>>;
using GetPictures = std::function<Pictures(const std::vector<int32_t>&)>;

/// A fake and its original do not show the same, pixel by pixel: no mask can be made of them.
class UnalignedPair : public DataError {
 public:
  using DataError::DataError;
};

/// Both add to `masks` as they go, so that what was read before an error stays. `wanted` ascends. Throw DataError for
/// what cannot be read, and what `decoder` throws.
void read_shipped_masks(Decoder& decoder, const importers::Source& video, const std::vector<int32_t>& wanted,
                        FrameMasks& masks);
/// `at_once`: so many fake frames are held at a time. The original is read once for each such lot. Throws UnalignedPair
/// if the first frame and its original do not align, or a mask covers nearly the whole frame: then none is right.
void read_pair_masks(Decoder& decoder, const std::string& original, const std::vector<int32_t>& wanted, size_t at_once,
                     const MaskRule& rule, const GetPictures& fakes, FrameMasks& masks);

}  // namespace realface::data::preprocess
