#include "base/settings.h"
#include "checkpoints/saver.h"

namespace realface::checkpoints {

void fields(Visitor& v, CheckpointConfig& c) {
  v.field(may_change("every"), c.every, within(0, kMaxSteps));
  v.field(may_change("keep"), c.keep, within(2, 1 << 20));
}

}  // namespace realface::checkpoints
