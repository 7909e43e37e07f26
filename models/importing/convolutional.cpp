#include <fmt/format.h>

#include "models/importing/expected.h"
#include "models/localizer/senet.h"
#include "models/mapping_net/trunk.h"

namespace realface::models::importing {
namespace {

/// The channels that a convolution makes.
int64_t width(const Sizes& sizes, const std::string& name) {
  constexpr int64_t kWidest = 65536;
  const int64_t found = sizes.of(name, 0);
  if (found > kWidest) { sizes.refuse(fmt::format("{} has {} channels; at most {} are known", name, found, kWidest)); }
  return found;
}

/// `layers` convolutions between `channels`, of which a network is made only if the file has as many numbers.
void require_numbers(const Sizes& sizes, int64_t layers, int64_t channels) {
  if (layers * channels * channels <= sizes.numbers()) { return; }
  sizes.refuse(fmt::format("tells of {} layers of {} channels, for which it has too few numbers", layers, channels));
}

Expected expected_senet(const Sizes& sizes, bool senet) {
  constexpr int64_t kGroups = 64, kReduction = 16;
  const int64_t doubled = senet ? 2 : 1;
  SeNetShape shape{.stem = doubled * width(sizes, "layer0.conv1.weight"), .senet = senet};
  for (size_t i = 0; i < shape.blocks.size(); ++i) {
    const auto layer = fmt::format("layer{}.", i + 1);
    shape.blocks[i] = sizes.count(layer, ".conv1.weight");
    shape.planes[i] = width(sizes, layer + "0.conv1.weight") / doubled;
    require_numbers(sizes, shape.blocks[i], shape.planes[i]);
    if (shape.planes[i] * doubled % (senet ? kGroups : 1) != 0 || 4 * shape.planes[i] < kReduction) {
      sizes.refuse(fmt::format("{} has {} channels, and no such network has; is it of another kind (--as)?", layer,
                               shape.planes[i] * doubled));
    }
  }
  Expected expected;
  expected.required = shapes_of(SeNet(shape, /*channels=*/3));
  expected.left_out = {"fc."};
  return expected;
}

/// timm's names of Xception.
class XceptionShapes {
 public:
  explicit XceptionShapes(const Sizes& sizes) : sizes_(sizes) {}

  Shapes all() {
    const int64_t first = width(sizes_, "conv1.weight"), second = width(sizes_, "conv2.weight");
    shapes_["conv1.weight"] = {first, 3, 3, 3}, shapes_["conv2.weight"] = {second, first, 3, 3};
    norm("bn1", first), norm("bn2", second);
    int64_t in = second;
    for (const int number : {1, 2, 3}) { in = narrowing(number, in); }
    for (int number = 4; number <= 11; ++number) {
      const auto block = fmt::format("block{}.", number);
      for (const int place : {1, 4, 7}) { separable(block, place, in, in); }
    }
    in = narrowing(12, in);
    const int64_t third = width(sizes_, "conv3.pointwise.weight"), fourth = width(sizes_, "conv4.pointwise.weight");
    pair("conv3", in, third), norm("bn3", third), pair("conv4", third, fourth), norm("bn4", fourth);
    return shapes_;
  }

 private:
  void norm(const std::string& name, int64_t channels) {
    for (const char* kind : {".weight", ".bias", ".running_mean", ".running_var"}) {
      shapes_[name + kind] = {channels};
    }
  }
  void pair(const std::string& name, int64_t in, int64_t out) {
    shapes_[name + ".conv1.weight"] = {in, 1, 3, 3}, shapes_[name + ".pointwise.weight"] = {out, in, 1, 1};
  }
  /// A separable convolution and its norm, the next in the list.
  void separable(const std::string& block, int place, int64_t in, int64_t out) {
    pair(fmt::format("{}rep.{}", block, place), in, out);
    norm(fmt::format("{}rep.{}", block, place + 1), out);
  }
  /// A block that halves the picture: two separable convolutions, and a shortcut. Returns its channels. The first
  /// begins without a ReLU, and the last widens in its second convolution only.
  int64_t narrowing(int number, int64_t in) {
    const auto block = fmt::format("block{}.", number);
    const int64_t out = width(sizes_, block + "skip.weight"), between = number == 12 ? in : out;
    const int place = number == 1 ? 0 : 1;
    separable(block, place, in, between), separable(block, place + 3, between, out);
    shapes_[block + "skip.weight"] = {out, in, 1, 1};
    norm(block + "skipbn", out);
    return out;
  }

  const Sizes& sizes_;
  Shapes shapes_;
};

}  // namespace

Expected expected_resnet18(const Sizes& sizes, const ImportOptions& /*options*/) {
  const auto of = [&](int stage) {
    const int64_t channels = width(sizes, fmt::format("layer{}.0.conv1.weight", stage));
    require_numbers(sizes, 2, channels);
    return channels;
  };
  Expected expected;
  expected.required = shapes_of(ResNetTrunk({of(1), of(2), of(3)}));
  expected.left_out = {"layer4.", "fc."};
  return expected;
}

Expected expected_senet154(const Sizes& sizes, const ImportOptions& /*options*/) { return expected_senet(sizes, true); }
Expected expected_se_resnet50(const Sizes& sizes, const ImportOptions& /*options*/) {
  return expected_senet(sizes, false);
}

Expected expected_xception(const Sizes& sizes, const ImportOptions& /*options*/) {
  Expected expected;
  expected.required = XceptionShapes(sizes).all();
  expected.optional["fc.weight"] = {kAny, sizes.of("conv4.pointwise.weight", 0)}, expected.optional["fc.bias"] = {kAny};
  return expected;
}

}  // namespace realface::models::importing
