#include "data/sampler.h"

namespace realface::data {

Draw Order::at(uint64_t position) {
  Draw draw{.position = position, .epoch = position / items_, .item = position % items_};
  if (!shuffled_) {
    draw.padding = draw.epoch > 0;
    draw.epoch = 0;
    return draw;
  }
  if (!permutation_ || epoch_ != draw.epoch) {
    epoch_ = draw.epoch;
    permutation_.emplace(items_, seed_, epoch_);
  }
  draw.item = permutation_->at(draw.item);
  return draw;
}

}  // namespace realface::data
