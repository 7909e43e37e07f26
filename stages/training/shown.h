#pragma once

#include "data/streams.h"
#include "models/layers/tokens.h"

namespace realface::stages {

/// What a network with such tokens is shown: single pictures or, if it is `of_clips`, clips of consecutive frames.
inline void show(const models::TokenGrid& cut, bool of_clips, data::StreamNeeds& needs) {
  needs.image = cut.image;
  needs.patch = cut.patch;
  if (!of_clips) { return; }
  needs.unit = "clip";
  needs.frames = cut.frames;
  needs.slots = cut.slots();
}

}  // namespace realface::stages
