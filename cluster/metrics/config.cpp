#include "base/settings.h"
#include "cluster/metrics/metrics.h"

namespace realface::cluster {

void fields(Visitor& v, MetricsConfig& c) {
  v.field(may_change("port"), c.port, within(-1, 65535));
  v.field(may_change("address"), c.address, {});
}

}  // namespace realface::cluster
