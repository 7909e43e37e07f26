#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "data/importers/archive.h"
#include "data/importers/files.h"
#include "data/preprocess/video/frame_reader.h"
#include "data/preprocess/video/opencv_view.h"
#include "data/preprocess/video/picture_file.h"

namespace realface::data::preprocess {
namespace {

constexpr int64_t kPictureTime = 40'000;  // microseconds: pictures have no times, and 25 a second is as good as any

/// The picture of an ordinal in OpenCV's order of colours; empty where it does not decode.
using Load = std::function<cv::Mat(size_t)>;

/// OpenCV throws its own exceptions for pictures beyond its limits; here every failure is an empty picture.
cv::Mat or_empty(const std::function<cv::Mat()>& decode) {
  try {
    return decode();
  } catch (const cv::Exception&) { return {}; }
}

Picture to_picture(const cv::Mat& bgr) {
  Picture picture = make_picture(bgr.cols, bgr.rows);
  cv::Mat rgb = view(picture);
  cv::cvtColor(bgr, rgb, cv::COLOR_BGR2RGB);
  return picture;
}

class PictureReader final : public FrameReader {
 public:
  /// `first` names the first picture, for people.
  PictureReader(Load load, size_t count, const std::string& first, const DecodeLimits& limits)
      : load_(std::move(load)) {
    cv::Mat picture;
    for (size_t i = 0; i < count && picture.empty(); ++i) { picture = load_(i); }
    if (picture.empty()) {
      throw DataError("[" + first + "] is not a picture that can be read" +
                      (count > 1 ? ", nor are the " + std::to_string(count - 1) + " after it" : std::string()) +
                      "; expected png, jpg or another common format");
    }
    check_frame_size(first, picture.cols, picture.rows, limits);
    info_.width = picture.cols;
    info_.height = picture.rows;
    info_.fps = count > 1 ? 1e6 / kPictureTime : 0;
    for (size_t i = 0; i < count; ++i) { info_.times_us.push_back(static_cast<int64_t>(i) * kPictureTime); }
  }

  const StreamInfo& info() const override { return info_; }
  void set_sha256(const Digest& digest) { info_.sha256 = digest; }

  void read(const std::vector<int32_t>& wanted, const std::function<void(Frame)>& take) override {
    for (const int32_t index : wanted) {
      const int64_t time = info_.times_us.at(static_cast<size_t>(index));
      const cv::Mat bgr = load_(static_cast<size_t>(index));
      if (bgr.cols != info_.width || bgr.rows != info_.height) { continue; }
      take({to_picture(bgr), index, time, false});
    }
  }

 private:
  Load load_;
  StreamInfo info_;
};

struct ArchivedPicture {
  std::filesystem::path name;
  std::vector<uint8_t> bytes;
};

/// The pictures of the folder as they are stored, in the order of their numbers.
std::vector<ArchivedPicture> archived_pictures(const std::string& path, const std::string& member,
                                               const DecodeLimits& limits) {
  std::map<std::filesystem::path, std::vector<uint8_t>> found;
  int64_t total = 0;
  read_archive(
      path,
      [&](const ArchiveEntry& entry) {
        const std::filesystem::path name = entry.name;
        return name.parent_path() == member && !importers::is_hidden(name);
      },
      [&](const ArchiveEntry& entry, std::vector<uint8_t>&& bytes) {
        total += static_cast<int64_t>(bytes.size());
        if (total > limits.max_archived) {
          throw DataError("[" + path + "] holds more than " + std::to_string(limits.max_archived) +
                          " bytes of pictures in " + member + "; unpack it");
        }
        found[entry.name] = std::move(bytes);
      });
  std::vector<std::filesystem::path> names;
  for (const auto& [name, bytes] : found) { names.push_back(name); }
  std::vector<ArchivedPicture> pictures;
  for (const auto& name : importers::in_frame_order(std::move(names))) {
    pictures.push_back({name, std::move(found.at(name))});
  }
  return pictures;
}

}  // namespace

void check_frame_size(const std::string& path, int64_t width, int64_t height, const DecodeLimits& limits) {
  if (width > 0 && height > 0 && width <= limits.max_side && height <= limits.max_side &&
      width * height <= limits.max_pixels) {
    return;
  }
  throw DataError("[" + path + "] has frames of " + std::to_string(width) + " x " + std::to_string(height) +
                  "; at most " + std::to_string(limits.max_pixels) + " pixels and sides of " +
                  std::to_string(limits.max_side) + " are decoded");
}

std::unique_ptr<FrameReader> open_pictures(const std::vector<std::string>& paths, const DecodeLimits& limits) {
  const auto load = [paths](size_t index) { return or_empty([&] { return read_picture(paths[index]); }); };
  return std::make_unique<PictureReader>(load, paths.size(), paths.empty() ? "pictures" : paths.front(), limits);
}

std::unique_ptr<FrameReader> open_archive(const std::string& path, const std::string& member,
                                          const DecodeLimits& limits) {
  const auto pictures = std::make_shared<const std::vector<ArchivedPicture>>(archived_pictures(path, member, limits));
  if (pictures->empty()) { throw DataError("[" + path + "] holds no numbered picture in " + member); }
  Sha256 all;
  for (const auto& picture : *pictures) {
    Sha256 one;
    one.update(picture.bytes.data(), picture.bytes.size());
    const Digest digest = one.finish();
    all.update(digest.data(), digest.size());
  }
  const auto load = [pictures](size_t index) {
    return or_empty([&] { return decode_picture((*pictures)[index].bytes); });
  };
  auto reader =
      std::make_unique<PictureReader>(load, pictures->size(), path + "/" + pictures->front().name.string(), limits);
  reader->set_sha256(all.finish());
  return reader;
}

std::unique_ptr<FrameReader> open_source(const importers::Source& source, const DecodeLimits& limits) {
  switch (source.kind) {
    case importers::SourceKind::video:
      return open_video(source.path, limits);
    case importers::SourceKind::picture:
      return open_pictures({source.path}, limits);
    case importers::SourceKind::archive:
      return open_archive(source.path, source.member, limits);
    case importers::SourceKind::frames:
      break;
  }
  std::vector<std::string> paths;
  for (const auto& file : importers::frame_files(source.path)) { paths.push_back(file.string()); }
  return open_pictures(paths, limits);
}

}  // namespace realface::data::preprocess
