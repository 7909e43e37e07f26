#pragma once

#include <vector>

#include "data/preprocess/masks/frame_mask.h"

namespace realface::data::preprocess {

/// As MSCCNet's public annotations are made, which look at the face alone: 1 - SSIM of the grey pictures (Wang et al.,
/// IEEE TIP 2004, Gaussian of 11 pixels) in a square of 1.3 times the face's box, stretched to 0..1, smoothed by 5 x 5,
/// over the threshold; dilated three times by an ellipse of 7, its convex hull, eroded three times by an ellipse of 5.
/// Several faces are stretched alike and have a hull each. Outside of the squares nothing is masked: what compression
/// changed there would otherwise be in the hull. Equal pictures have an empty mask.
///
/// `faces`: boxes in pixels of the frame. Throws DataError for pictures of two sizes.
FrameMask ssim_mask(const Picture& fake, const Picture& real, const std::vector<Box>& faces, double threshold = 0.08);

/// The share of the pixels of such a square that is tampered with, the largest of them; 0 without a face.
double area_about(const FrameMask& mask, const std::vector<Box>& faces);

}  // namespace realface::data::preprocess
