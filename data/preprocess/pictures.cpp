#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "data/importers/files.h"
#include "data/preprocess/frame_reader.h"
#include "data/preprocess/opencv_view.h"

namespace realface::data::preprocess {
namespace {

constexpr int64_t kPictureTime = 40'000;  // microseconds: pictures have no times, and 25 a second is as good as any

/// OpenCV throws its own exceptions for pictures beyond its limits; here every failure is an empty picture.
cv::Mat load(const std::string& path) {
  try {
    return cv::imread(path, cv::IMREAD_COLOR);
  } catch (const cv::Exception&) {
    return {};
  }
}

Picture to_picture(const cv::Mat& bgr) {
  Picture picture = make_picture(bgr.cols, bgr.rows);
  cv::Mat rgb = view(picture);
  cv::cvtColor(bgr, rgb, cv::COLOR_BGR2RGB);
  return picture;
}

class PictureReader final : public FrameReader {
 public:
  PictureReader(const std::vector<std::string>& paths, const DecodeLimits& limits) : paths_(paths) {
    const cv::Mat first = paths.empty() ? cv::Mat() : load(paths.front());
    if (first.empty())
      throw DataError("[" + (paths.empty() ? "pictures" : paths.front()) +
                      "] is not a picture that can be read; expected png, jpg or another common format");
    if (static_cast<int64_t>(first.total()) > limits.max_pixels)
      throw DataError("[" + paths.front() + "] has " + std::to_string(first.total()) + " pixels; at most " +
                      std::to_string(limits.max_pixels) + " are read");
    info_.width = first.cols;
    info_.height = first.rows;
    info_.fps = paths.size() > 1 ? 1e6 / kPictureTime : 0;
    for (size_t i = 0; i < paths.size(); ++i) info_.times_us.push_back(static_cast<int64_t>(i) * kPictureTime);
  }

  const StreamInfo& info() const override { return info_; }

  void read(const std::vector<int32_t>& wanted, const std::function<void(Frame)>& take) override {
    for (const int32_t index : wanted) {
      const cv::Mat bgr = load(paths_.at(static_cast<size_t>(index)));
      if (bgr.cols != info_.width || bgr.rows != info_.height) continue;
      take({to_picture(bgr), index, info_.times_us[static_cast<size_t>(index)], false});
    }
  }

 private:
  std::vector<std::string> paths_;
  StreamInfo info_;
};

}  // namespace

std::unique_ptr<FrameReader> open_pictures(const std::vector<std::string>& paths, const DecodeLimits& limits) {
  return std::make_unique<PictureReader>(paths, limits);
}

std::unique_ptr<FrameReader> open_source(const importers::Source& source, const DecodeLimits& limits) {
  if (source.kind == importers::SourceKind::video) return open_video(source.path, limits);
  if (source.kind == importers::SourceKind::picture) return open_pictures({source.path}, limits);
  std::vector<std::string> paths;
  for (const auto& file : importers::frame_files(source.path)) paths.push_back(file.string());
  return open_pictures(paths, limits);
}

}  // namespace realface::data::preprocess
