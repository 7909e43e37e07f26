#pragma once

#include <cstdint>
#include <vector>

#include "data/faces/landmarks.h"

/// Self-blended images: fakes made from one real face (Shiohara and Yamasaki, "Detecting deepfakes with self-blended
/// images", CVPR 2022). RFFR adds them to its training ("Ours + SBI" in its table 2).
namespace realface::data {

/// A face blended onto itself, with what a detector is to learn from it. Rows without gaps.
struct SelfBlend {
  std::vector<uint8_t> fake;  // RGB [height, width, 3]
  std::vector<uint8_t> real;  // RGB [height, width, 3]: what the fake was blended onto; equal to it where alpha is 0
  std::vector<float> alpha;   // [height, width]: share of the blended-in face, 0 to 1
  std::vector<uint8_t> tampered;  // [height, width], 0 or 1: where the outline covers a pixel by more than half,
                                  // however faint the blend
  bool blended = false;           // false: nothing was, and the two pictures are the given one
};

/// Blends the face of `rgb`, u8 [height, width, 3], with a copy of itself. As published:
///
///  1. One of the two, drawn, changes in colour (RGB shift, hue, saturation, value, brightness, contrast) and then in
///     frequency (downscaled by 2 or 4, or sharpened). The unchanged and the changed one are `real` and source, in this
///     or the other order.
///  2. The mask is the convex hull of the landmarks, three times in four with the forehead, which the 68 lack: there
///  the
///     brows are raised by 0.4 to 0.9 of their distance from the nose's base. Source and mask are moved (3 % of the
///     width, 1.5 % of the height) and stretched (5 %) together; the mask alone is then bent by a smooth random field.
///  3. The mask is blurred, cut to where it is whole, blurred again, each time by a drawn kernel, at a drawn size of
///     192 to 256 pixels; and scaled by a ratio drawn from 1/4, 1/2, 3/4, 1, 1, 1.
///  4. fake = alpha source + (1 - alpha) real.
///
/// Where the public code and 8-bit pictures leave no effect (hue, saturation and value move there by at most 0.3 of a
/// level), they move by up to 2.5 degrees and 3 % here.
///
/// A pure function of its arguments: the same (seed, epoch, sample) gives the same bytes on any rank and thread. Where
/// the landmarks are not plausible or lie outside the picture, fake and real are the picture itself and the masks are
/// zero. Thread-safe.
SelfBlend self_blend(const uint8_t* rgb, int height, int width, Landmarks landmarks, uint64_t seed, uint64_t epoch,
                     uint64_t sample);

}  // namespace realface::data
