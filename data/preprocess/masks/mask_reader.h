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

/// A fake's side of a pair.
struct FakeFrames {
  std::vector<int32_t> wanted;  // ordinals, ascending
  size_t at_once = 1;           // so many are held at a time; the original is read once for each such lot
  GetPictures pictures;
  std::map<int32_t, std::vector<Box>> faces;  // of everybody, for the rule ssim
};

/// A fake and its original do not show the same, pixel by pixel: no mask can be made of them.
class UnalignedPair : public DataError {
 public:
  using DataError::DataError;
};

/// Both add to `masks` as they go, so that what was read before an error stays. `wanted` ascends. Throw DataError for
/// what cannot be read, and what `decoder` throws. Return how many frames the masks, or the original, have.
///
/// `info`: of the video's frames. Masks of another size are taken if they have the same shape, else DataError.
int64_t read_shipped_masks(Decoder& decoder, const importers::Source& video, const StreamInfo& info,
                           const std::vector<int32_t>& wanted, FrameMasks& masks);
/// A mask that covers nearly all of the frame, or by ssim of what is around a face, is no mask. Of a difference, it
/// says that the pair does not align, so that no frame's mask is right; by ssim, that compression changed this frame as
/// much as the forger. Throws UnalignedPair for the former, or if the first frame and its original do not align, and
/// DataError if by ssim no frame has a mask.
int64_t read_pair_masks(Decoder& decoder, const std::string& original, const FakeFrames& fake, const MaskRule& rule,
                        FrameMasks& masks);

}  // namespace realface::data::preprocess
