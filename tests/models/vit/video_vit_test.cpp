#include "models/vit/video_vit.h"

#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "models/vit/description.h"
#include "models/weights/tensor_file.h"
#include "tests/models/close.h"

/// The classifier of clips against transformers' VideoMAEForVideoClassification; fixtures/video_mae_fixture.py makes
/// the file.
namespace realface::models {
namespace {

VitConfig video_vit_config() {
  auto config = vit_preset("base", "video_vit");
  config.image = 16, config.patch = 4, config.frames = 4, config.tubelet = 2;
  config.width = 16, config.depth = 2, config.heads = 2;
  return config;
}

TEST(VideoVitOracle, LogitsLossAndEveryGradientEqualTheLibrarys) {
  const auto file = read_tensor_file(REALFACE_FIXTURES "/video_vit_oracle.safetensors");
  const auto at = [&](const std::string& name) { return file.tensors.at(name); };
  VideoVitImpl vit(video_vit_config());
  size_t weights = 0;
  for (const auto& [name, tensor] : file.tensors) { weights += name.starts_with("weight/") ? 1 : 0; }
  EXPECT_EQ(vit.named_parameters().size(), weights);
  {
    const torch::NoGradGuard no_grad;
    for (auto& item : vit.named_parameters()) { item.value().copy_(at("weight/" + item.key())); }
  }
  const auto logits = vit.classify(vit.features(tubify(at("clips"), 4, 2)));
  const auto loss = at::cross_entropy_loss(logits, at("labels"));
  loss.backward();
  expect_close(logits, at("logits"), "logits");
  expect_close(loss, at("loss"), "loss");
  for (const auto& item : vit.named_parameters()) {
    ASSERT_TRUE(item.value().grad().defined()) << item.key();
    expect_close(item.value().grad(), at("gradient/" + item.key()), item.key());
  }
}

TEST(VideoVit, BranchesThatAreLeftOutLeaveTheRest) {
  const torch::NoGradGuard no_grad;
  const VideoVitImpl vit(video_vit_config(), 1);
  const auto tokens = torch::randn({2, 32, 96});
  expect_close(vit.features(tokens, at::ones({2, 4})), vit.features(tokens), "features with all branches");
  EXPECT_FALSE(vit.features(tokens, at::zeros({2, 4})).allclose(vit.features(tokens)));
}

TEST(VideoVit, DescribesItselfAndBeginsWithoutAnOpinion) {
  const auto written = describe(video_vit_config(), "imagenet");
  const auto read = vit_description(nlohmann::json::parse(written.dump()));
  EXPECT_EQ(describe(read.config, read.pixels), written);
  const auto vit = make_classifier(read.config, 3);
  ASSERT_NE(dynamic_cast<VideoVitImpl*>(vit.get()), nullptr);
  EXPECT_LE(vit->named_parameters()["head.weight"].abs().max().item<float>(), 2e-5F);
}

}  // namespace
}  // namespace realface::models
