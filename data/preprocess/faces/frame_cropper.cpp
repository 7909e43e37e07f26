#include "data/preprocess/faces/frame_cropper.h"

namespace realface::data::preprocess {
namespace {

constexpr float kSmallFaceWidth = 80;

uint32_t flags_of(const FoundFrame& frame, bool padded) {
  return (frame.tracked ? kTracked : 0U) | (frame.concealed ? kConcealed : 0U) | (padded ? kEdgePadded : 0U) |
         (frame.face.box.width() < kSmallFaceWidth ? kSmallFace : 0U) | (frame.several ? kSeveralFaces : 0U);
}

}  // namespace

FrameCropper::FrameCropper(const PreprocessConfig& config, const std::vector<Face>& clip, PhaseSeconds& seconds)
    : config_(config),
      placer_({config.size, config.margin, config.crop, config.align}, clip),
      codec_(frame_codec(config)),
      seconds_(seconds) {}

FrameRecord FrameCropper::crop(const FoundFrame& frame, const Picture& picture,
                               const std::optional<FrameMask>& mask) const {
  const int size = config_.size;
  const Box& box = frame.face.box;
  const Placement place = placer_.place(frame.face);
  FrameRecord record;
  record.affine = place.to_crop;
  std::vector<uint8_t> pixels;
  {
    Stopwatch watch(seconds_.crop);
    pixels = crop_pixels(picture, record.affine, size);
  }
  {
    Stopwatch watch(seconds_.encode);
    record.blob = encode_frame(codec_, pixels.data(), size, size);
    if (mask) {
      record.mask =
          encode_mask(crop_mask(*mask, record.affine, size, picture.width, picture.height).data(), size, size);
    }
  }
  record.pts_us = frame.pts_us;
  record.src_index = frame.index;
  record.landmarks = mapped(record.affine, frame.face.landmarks);
  record.bbox = {box.left, box.top, box.right, box.bottom};
  record.score = frame.face.score;
  record.flags = flags_of(frame, !inside(place.around, picture.width, picture.height));
  return record;
}

}  // namespace realface::data::preprocess
