#include "tests/data/preprocess/faces/disc_detector.h"

#include <dlib/dnn.h>

#include <cmath>

namespace realface::data {
namespace {

// Said again, not shared with the detector: a file that one type writes and the other reads.
template <typename Below>
using Step16 = dlib::relu<dlib::affine<dlib::con<16, 5, 5, 2, 2, Below>>>;
template <typename Below>
using Step32 = dlib::relu<dlib::affine<dlib::con<32, 5, 5, 2, 2, Below>>>;
template <typename Below>
using Step45 = dlib::relu<dlib::affine<dlib::con<45, 5, 5, 1, 1, Below>>>;
using Input = dlib::input_rgb_image_pyramid<dlib::pyramid_down<6>>;
using Trunk = Step45<Step45<Step45<Step32<Step32<Step16<Input>>>>>>;
using Network = dlib::loss_mmod<dlib::con<1, 9, 9, 1, 1, Trunk>>;

constexpr unsigned long kWindow = 80;
constexpr double kStride = 8;  // pixels of the picture between two outputs

/// The weight of channel `channel` at (y, x) of the filter that makes channel 0; parameters are [filters, k, rows,
/// columns].
float& weight(dlib::tensor& parameters, long channel, long side, long y, long x) {
  return parameters.host()[(channel * side + y) * side + x];
}

/// By channel, as trained detectors have it; as they begin, affine layers are for pictures of one size.
void fit_any_size(Network& network) {
  const auto by_channel = [](auto& layer) { layer.layer_details() = dlib::affine_(dlib::CONV_MODE); };
  by_channel(dlib::layer<3>(network));
  by_channel(dlib::layer<6>(network));
  by_channel(dlib::layer<9>(network));
  by_channel(dlib::layer<12>(network));
  by_channel(dlib::layer<15>(network));
  by_channel(dlib::layer<18>(network));
}

/// Every layer hands channel 0 on; the first makes it how red a pixel is, the last compares a disc with what is about
/// it.
void set_weights(Network& network) {
  dlib::visit_layer_parameters(network, [](size_t, dlib::tensor& parameters) {
    if (parameters.size() > 1000) {
      parameters = 0;  // filters with their biases; affine layers are as they begin: x -> x
    }
  });
  const auto filters = [](auto& layer) -> dlib::tensor& { return layer.layer_details().get_layer_params(); };
  dlib::tensor& first = filters(dlib::layer<19>(network));
  weight(first, 0, 5, 2, 2) = 1;
  weight(first, 1, 5, 2, 2) = weight(first, 2, 5, 2, 2) = -0.5F;
  weight(filters(dlib::layer<4>(network)), 0, 5, 2, 2) = 1;
  weight(filters(dlib::layer<7>(network)), 0, 5, 2, 2) = 1;
  weight(filters(dlib::layer<10>(network)), 0, 5, 2, 2) = 1;
  weight(filters(dlib::layer<13>(network)), 0, 5, 2, 2) = 1;
  weight(filters(dlib::layer<16>(network)), 0, 5, 2, 2) = 1;
  dlib::tensor& last = filters(dlib::layer<1>(network));
  int within = 0, about = 0;
  const auto inside = [](long y, long x) {
    return 2 * kStride * std::hypot(static_cast<double>(y - 4), static_cast<double>(x - 4)) < kWindow;
  };
  for (long y = 0; y < 9; ++y) {
    for (long x = 0; x < 9; ++x) { ++(inside(y, x) ? within : about); }
  }
  for (long y = 0; y < 9; ++y) {
    for (long x = 0; x < 9; ++x) {
      weight(last, 0, 9, y, x) = inside(y, x) ? 1.0F / static_cast<float>(within) : -1.0F / static_cast<float>(about);
    }
  }
  last.host()[last.size() - 1] = -0.5F;  // the bias: a disc of full red answers with 0.9 before it
}

}  // namespace

void write_disc_detector(const std::filesystem::path& path, bool any_size) {
  dlib::mmod_options options;
  options.detector_windows = {{kWindow, kWindow}};
  Network network(options);
  if (any_size) { fit_any_size(network); }
  dlib::matrix<dlib::rgb_pixel> picture(160, 160);
  dlib::assign_all_pixels(picture, dlib::rgb_pixel(0, 0, 0));
  network(picture);  // gives the layers their sizes
  if (any_size) { set_weights(network); }
  network.clean();
  dlib::serialize(path.string()) << network;
}

}  // namespace realface::data
