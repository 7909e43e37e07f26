#include "stages/reconstruct/difference_views.h"

#include "models/lre/lre.h"
#include "stages/attention/differences.h"

namespace realface::stages {

ViewDifferences difference_views(const models::Set& set, torch::Device device) {
  if (!set.entries().contains("lre")) { return {}; }
  const auto network = set.get<models::LreImpl>("lre");
  const Differences differences(set, network->lre(), device);
  return [differences](const torch::Tensor& face, const torch::Tensor& mask) {
    std::vector<torch::Tensor> views;
    for (const auto& map : differences.of(face.unsqueeze(0), mask.unsqueeze(0)).maps) {
      views.push_back(enlarged(map, face.size(0))[0]);
    }
    return views;
  };
}

}  // namespace realface::stages
