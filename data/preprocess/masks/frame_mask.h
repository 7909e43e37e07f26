#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/preprocess/geometry.h"
#include "data/preprocess/video/picture.h"

/// The tampered area of a whole frame. Masks are made before they are cropped (L5), so that a crop decides nothing.
namespace realface::data::preprocess {

struct FrameMask {
  int width = 0, height = 0;
  std::vector<uint8_t> bits;  // [height, width] of 0 and 1, rows without gaps
};

/// Of a picture of a mask: 1 where its grey is over 127 (L5 a).
FrameMask shipped_mask(const Picture& mask);

/// How a mask is made of a frame and the same frame of the real video.
struct MaskRule {
  std::string name = "difference";  // difference | ssim
  double threshold = 0;             // 0: the rule's own, 0.1 or 0.08

  double limit() const;
};

/// By that rule; ssim looks at `faces` alone (ssim_mask.h). Throws DataError for pictures of two sizes.
FrameMask pair_mask(const Picture& fake, const Picture& real, const MaskRule& rule, const std::vector<Box>& faces);

/// L5 b: the mean over channels of |fake - real|, smoothed by a 5 x 5 Gaussian (1 4 6 4 1 both ways), over the
/// threshold, a share of the range; closed by 5 x 5, opened by 3 x 3. In whole numbers, so it is the same on every
/// processor.
FrameMask difference_mask(const Picture& fake, const Picture& real, double threshold = 0.1);

/// Why a frame and its original cannot be compared pixel by pixel; empty if they can: their sizes differ, or one is
/// shifted against the other by more than a pixel: phase correlation sees it, and it brings the two nearer.
std::string misaligned(const Picture& fake, const Picture& real);

/// The share of all pixels that are tampered with.
double area_of(const FrameMask& mask);

/// The share of the mask's pixels that lies in the box; 0 of an empty mask. The box is in pixels of the shown frame; a
/// mask of another size is stretched to it.
double share_inside(const FrameMask& mask, const Box& box, int shown_width, int shown_height);

}  // namespace realface::data::preprocess
