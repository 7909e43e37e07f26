#include "models/localizer/localizer.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <set>

#include "base/error.h"
#include "models/localizer/description.h"
#include "models/mapping_net/description.h"
#include "models/weights/tensor_file.h"
#include "tests/models/close.h"
#include "tests/models/formula.h"

/// The localiser's encoder against timm's, its decoder against one written in PyTorch from the description;
/// fixtures/localizer_fixture.py makes the file. Weights are filled by a formula that both sides know.
namespace realface::models {
namespace {

void set(const std::string& name, torch::Tensor& value, double about, double spread) {
  value.copy_((about + spread * drawn(name, value)).to(torch::kFloat32));
}

void fill_localizer(torch::nn::Module& network) {
  const torch::NoGradGuard no_grad;
  for (auto& part : network.named_modules("", /*include_self=*/false)) {
    const auto name = [&](const std::string& own) { return part.key() + "." + own; };
    const bool norm = dynamic_cast<BatchNorm*>(part.value().get()) != nullptr;
    for (auto& item : part.value()->named_parameters(/*recurse=*/false)) {
      auto& value = item.value();
      if (value.dim() == 4) {
        const auto fan_in = static_cast<double>(value.size(1) * value.size(2) * value.size(3));
        set(name(item.key()), value, 0, 2 * std::sqrt(6 / fan_in));
      } else {
        set(name(item.key()), value, item.key() == "weight" ? 1 : 0, norm ? 0.2 : 0.1);
      }
    }
    for (auto& item : part.value()->named_buffers(false)) {
      const bool variance = item.key() == "running_var";
      set(name(item.key()), item.value(), variance ? 1 : 0, variance ? 0.5 : 0.2);
    }
  }
}

torch::Tensor along(int64_t count, at::IntArrayRef shape) { return at::arange(count, torch::kFloat64).view(shape); }

torch::Tensor six_channels(int64_t count, int64_t side) {
  const auto b = along(count, {-1, 1, 1, 1}), c = along(6, {1, -1, 1, 1});
  const auto y = along(side, {1, 1, -1, 1}), x = along(side, {1, 1, 1, -1});
  const auto row = c.div(3, "floor");
  return ((0.05 * x * (c - 3 * row + 1)).sin() * (0.03 * y * (1 + row)).cos() + 0.1 * b).to(torch::kFloat32);
}

class LocalizerOracle : public ::testing::Test {
 protected:
  const torch::Tensor& at(const std::string& name) const { return file_.tensors.at(name); }

  void expect_stages(const std::string& name, SeNet& network, int64_t count, Statistics statistics) {
    const torch::NoGradGuard no_grad;
    const auto pictures = six_channels(count, 224).to(network.parameters().front().scalar_type());
    const auto outputs = network.forward(pictures, statistics);
    const std::string mode = statistics == Statistics::running ? "/eval/stage" : "/train/stage";
    for (size_t i = 0; i < outputs.size(); ++i) {
      const auto where = name + mode + std::to_string(i);
      expect_close(sampled(outputs[i].contiguous(), 1024), at(where + "/sample"), where);
      expect_close(outputs[i].mean({0, 2, 3}), at(where + "/channel_mean"), where + " means");
    }
  }

  TensorFile file_ = read_tensor_file(REALFACE_FIXTURES "/localizer_oracle.safetensors");
};

TEST_F(LocalizerOracle, SeNet154OfFullSizeEqualsTimms) {
  SeNet network(localizer_shape("senet154").encoder, 6);
  fill_localizer(network);
  expect_stages("senet154", network, 1, Statistics::running);
}

TEST_F(LocalizerOracle, SeResNet50OfFullSizeEqualsTimms) {
  SeNet network(localizer_shape("se_resnet50").encoder, 6);
  fill_localizer(network);
  network.to(torch::kFloat64);  // rounding grows from layer to layer: in fp32 the last is 3e-5 off
  expect_stages("se_resnet50", network, 2, Statistics::running);
  expect_stages("se_resnet50", network, 2, Statistics::batch);
}

TEST_F(LocalizerOracle, TheDecodersMaskLossAndEveryGradientEqualTheReferences) {
  const auto shape = localizer_shape("se_resnet50");
  const auto skips = SeNet::widths(shape.encoder);
  UnetDecoder decoder(skips, shape.decoder, shape.last);
  fill_localizer(decoder);
  decoder.to(torch::kFloat64);
  std::array<torch::Tensor, 5> encoded;
  for (size_t i = 0; i < encoded.size(); ++i) {
    const int64_t side = 32 >> i;
    const auto phase = 0.3 * along(skips[i], {1, -1, 1, 1}) + 0.7 * along(side, {1, 1, -1, 1}) +
                       0.2 * along(side, {1, 1, 1, -1}) + static_cast<double>(i);
    const auto values = phase.sin() * 0.5 + 0.1 * along(2, {-1, 1, 1, 1});
    encoded[i] = values.to(torch::kFloat32).to(torch::kFloat64).requires_grad_();
  }
  const auto mask = decoder.forward(encoded);
  const auto target = along(64, {1, 1, 1, -1}).ge(32).to(torch::kFloat64).expand_as(mask);
  const auto loss = at::mse_loss(mask, target);
  loss.backward();
  expect_close(mask, at("decoder/mask"), "mask");
  expect_close(loss, at("decoder/loss"), "loss");
  for (const auto& item : decoder.named_parameters()) {
    expect_close(item.value().grad().norm(), at("decoder/gradient_norm/" + item.key()), item.key());
  }
  for (size_t i = 0; i < encoded.size(); ++i) {
    expect_close(encoded[i].grad().norm(), at("decoder/input_gradient_norm/" + std::to_string(i)), "input");
  }
}

int64_t parameters_of(const torch::nn::Module& network) {
  int64_t sum = 0;
  for (const auto& parameter : network.parameters()) { sum += parameter.numel(); }
  return sum;
}

TEST(Localizer, HasTheParametersOfThePublishedNetworks) {
  const auto senet = localizer_shape("senet154"), resnet = localizer_shape("se_resnet50");
  EXPECT_EQ(parameters_of(SeNet(senet.encoder, 3)), 113'039'984);
  EXPECT_EQ(parameters_of(SeNet(resnet.encoder, 3)), 26'039'024);
  EXPECT_EQ(parameters_of(UnetDecoder(SeNet::widths(senet.encoder), senet.decoder, senet.last)), 15'775'457);
  EXPECT_EQ(parameters_of(UnetDecoder(SeNet::widths(resnet.encoder), resnet.decoder, resnet.last)), 15'738'593);
}

TEST(Localizer, ItsEncoderHasTimmsNamesAndShapes) {
  std::set<std::string> ours, theirs;
  for (const auto& item : SeNet(localizer_shape("se_resnet50").encoder, 6).named_parameters()) {
    std::string line = item.key();
    for (const int64_t size : item.value().sizes()) { line += " " + std::to_string(size); }
    ours.insert(line);
  }
  std::ifstream list(REALFACE_FIXTURES "/se_resnet50_parameters.txt");
  for (std::string line; std::getline(list, line);) { theirs.insert(line); }
  EXPECT_EQ(ours, theirs);
}

LocalizerConfig small_localizer() {
  LocalizerConfig config;
  config.encoder = "small";
  config.mapping.size = "small";
  config.mapping.image = 64;
  return config;
}

Located located(LocalizerImpl& network, const torch::Tensor& pictures, const torch::Tensor& kept = {}) {
  const auto features = network.features(pictures, Statistics::batch);
  return network.forward(pictures, features, network.adapted(), Statistics::batch, kept);
}

TEST(Localizer, SaysWhereAndWhetherAtTheFacesSize) {
  LocalizerImpl network(small_localizer(), 1);
  const auto found = located(network, at::rand({2, 3, 64, 64}));
  EXPECT_EQ(found.map.sizes(), (std::vector<int64_t>{2, 3, 16, 16}));
  EXPECT_EQ(found.mask.sizes(), (std::vector<int64_t>{2, 1, 64, 64}));
  EXPECT_EQ(found.logits.sizes(), (std::vector<int64_t>{2, 2}));
  EXPECT_GT(found.mask.min().item<float>(), 0);
  EXPECT_LT(found.mask.max().item<float>(), 1);
}

TEST(Localizer, BeginsWithFewTamperedPixelsSoThatTheMaskCanLearn) {
  LocalizerImpl network(small_localizer(), 1);
  const auto mask = located(network, at::rand({4, 3, 64, 64})).mask;
  EXPECT_GT(mask.min().item<float>(), 0.05F);
  EXPECT_LT(mask.max().item<float>(), 0.2F);
}

TEST(Localizer, TheMaskTeachesTheMappingHead) {
  LocalizerImpl network(small_localizer(), 1);
  located(network, at::rand({2, 3, 64, 64})).mask.sum().backward();
  const auto parameters = network.named_parameters();
  EXPECT_GT(parameters["mapping.head.conv.0.weight"].grad().norm().item<float>(), 0);
  EXPECT_GT(parameters["mapping.trunk.conv1.weight"].grad().norm().item<float>(), 0);
  EXPECT_FALSE(parameters["fusion.fc1.weight"].grad().defined());
}

TEST(Localizer, EveryParameterIsUsed) {
  LocalizerImpl network(small_localizer(), 1);
  const auto found = located(network, at::rand({2, 3, 64, 64}));
  (found.map.sum() + found.mask.sum() + found.logits.select(1, 0).sum()).backward();
  for (const auto& item : network.named_parameters()) { EXPECT_TRUE(item.value().grad().defined()) << item.key(); }
}

TEST(Localizer, AdaptsTheMappingHeadAndTheClassifierAlone) {
  LocalizerImpl network(small_localizer(), 1);
  std::set<const void*> adapted;
  for (const auto& parameter : network.adapted()) { adapted.insert(parameter.const_data_ptr()); }
  for (const auto& item : network.named_parameters()) {
    const bool wanted = item.key().starts_with("mapping.head.") || item.key().starts_with("fusion.");
    EXPECT_EQ(adapted.contains(item.value().const_data_ptr()), wanted) << item.key();
  }
}

TEST(Localizer, WithoutHiddenUnitsOnlyTheLastBiasIsLeft) {
  LocalizerImpl network(small_localizer(), 1);
  const auto found = located(network, at::rand({2, 3, 64, 64}), at::zeros({2, LocalizerImpl::kHidden}));
  const auto bias = network.named_parameters()["fusion.fc2.bias"];
  for (int64_t i = 0; i < 2; ++i) { EXPECT_TRUE(found.logits[i].equal(bias)); }
}

TEST(Localizer, EitherHalfCanBeLeftOut) {
  auto config = small_localizer();
  config.maps = false;
  LocalizerImpl locates(config, 1);
  const auto masks = located(locates, at::rand({2, 3, 64, 64}));
  EXPECT_FALSE(masks.map.defined());
  EXPECT_TRUE(masks.mask.defined());
  EXPECT_EQ(locates.named_parameters()["encoder.layer0.conv1.weight"].size(1), 3);
  config.maps = true, config.locates = false;
  LocalizerImpl maps(config, 1);
  const auto mapped = located(maps, at::rand({2, 3, 64, 64}));
  EXPECT_TRUE(mapped.map.defined());
  EXPECT_FALSE(mapped.mask.defined());
  EXPECT_EQ(maps.named_parameters()["fusion.fc1.weight"].size(1), 768);
}

TEST(Localizer, DescribesItself) {
  auto config = small_localizer();
  config.maps = false;
  const auto written = describe(config);
  const auto read = localizer_description(nlohmann::json::parse(written.dump()));
  EXPECT_EQ(read.encoder, "small");
  EXPECT_EQ(read.mapping.image, 64);
  EXPECT_FALSE(read.maps);
  EXPECT_FALSE(read.mapping.classifies);
  EXPECT_THROW((void)mapping_description(written), Error);
}

}  // namespace
}  // namespace realface::models
