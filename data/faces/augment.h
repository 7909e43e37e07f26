#pragma once

#include <cstdint>
#include <vector>

#include "data/faces/landmarks.h"

namespace realface::data {

/// What may happen to a sample between the disk and the batch (G18).
struct AugmentConfig {
  bool flip = false;      // mirror half of the samples
  double smallest = 1.0;  // of a random resized crop: least share of the picture's area, at most 1 (1: no crop); G18
                          // advises 0.8, since smaller ones cut facial parts away
  int64_t shift = 0;      // most whole pixels by which the picture moves in each direction; its border is repeated. No
                          // pixel is resampled, so traces of a forgery stay as they are
};

/// What was drawn for one sample.
struct Augmentation {
  bool flip = false;
  double left = 0, top = 0, side = 0;  // the square that becomes the whole picture, in pixels, partly outside if it was
                                       // moved; side 0: the picture
};

/// A function of (seed, epoch, sample) alone.
Augmentation draw_augmentation(const AugmentConfig& config, int64_t size, uint64_t seed, uint64_t epoch,
                               uint64_t sample);

/// Applies it to a picture in place, u8 [size, size, 3]: a crop is resized back (bicubic, pixel centres at integers).
/// `scratch` is grown as needed.
void augment_picture(const Augmentation& drawn, uint8_t* rgb, int64_t size, std::vector<uint8_t>& scratch);
/// Likewise a map of one byte a pixel, by the nearest pixel.
void augment_map(const Augmentation& drawn, uint8_t* map, int64_t size, std::vector<uint8_t>& scratch);
/// Likewise landmarks, [68, 2]: masks are drawn after this, so they see what the model sees.
void augment_landmarks(const Augmentation& drawn, std::span<float, 136> landmarks, int64_t size);

/// Mirrors a picture of `channels` bytes a pixel in place.
void mirror(uint8_t* pixels, int64_t height, int64_t width, int64_t channels = 3);

}  // namespace realface::data
