#include "models/vit/classifier.h"

#include "models/vit/video_vit.h"
#include "models/vit/vit.h"

namespace realface::models {

std::shared_ptr<Classifier> make_classifier(const VitConfig& config) {
  if (config.of_clips()) { return std::make_shared<VideoVitImpl>(config); }
  return std::make_shared<VitImpl>(config);
}

std::shared_ptr<Classifier> make_classifier(const VitConfig& config, uint64_t seed) {
  if (config.of_clips()) { return std::make_shared<VideoVitImpl>(config, seed); }
  return std::make_shared<VitImpl>(config, seed);
}

}  // namespace realface::models
