// Makes a video of another one, as telephones film them:
//   remake_video FROM TO turned DEGREES   stored turned, and marked to be turned back by DEGREES clockwise when it is
//   shown remake_video FROM TO uneven           at uneven times, which it prints, in seconds from the first
// Both have grey at the right, so that width and height cannot be mistaken for each other.

#include <iostream>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "data/preprocess/video/frame_reader.h"
#include "data/preprocess/video/opencv_view.h"
#include "data/synthesis/video_encoder.h"
#include "tests/data/preprocess/videos.h"

namespace {

using realface::data::synthesis::VideoEncoder;

constexpr int kRate = 25, kTicks = 40;  // milliseconds
constexpr int kSteps[] = {40, 17, 120, 33, 8};

std::vector<cv::Mat> frames_of(const std::string& path) {
  const auto reader = realface::data::preprocess::open_video(path);
  std::vector<int32_t> all(reader->info().times_us.size());
  for (size_t i = 0; i < all.size(); ++i) { all[i] = static_cast<int32_t>(i); }
  std::vector<cv::Mat> frames;
  reader->read(all, [&](const realface::data::preprocess::Frame& frame) {
    const auto shown = realface::data::preprocess::view(frame.picture);
    cv::copyMakeBorder(shown, frames.emplace_back(), 0, 0, 0, shown.cols / 4, cv::BORDER_CONSTANT, {90, 90, 90});
  });
  return frames;
}

void turned(const std::vector<cv::Mat>& frames, const std::string& to, int degrees) {
  std::vector<cv::Mat> stored;
  for (const auto& frame : frames) {
    // The whole circle is four quarters; OpenCV calls one quarter clockwise 0.
    if (degrees == 0) {
      stored.push_back(frame);
    } else {
      cv::rotate(frame, stored.emplace_back(), 3 - degrees / 90);
    }
  }
  VideoEncoder encoder(to, stored.front().size(), kRate, VideoEncoder::Kind::picture);
  for (const auto& frame : stored) { encoder.add(frame); }
  encoder.finish();
  realface::data::turn_on_screen(to, degrees);
}

void uneven(const std::vector<cv::Mat>& frames, const std::string& to) {
  VideoEncoder encoder(to, frames.front().size(), kRate, VideoEncoder::Kind::picture, kTicks);
  int64_t time = 0;
  for (size_t i = 0; i < frames.size(); ++i) {
    encoder.add_at(frames[i], time);
    std::cout << static_cast<double>(time) / 1000 << "\n";
    time += kSteps[i % std::size(kSteps)];
  }
  encoder.finish();
}

}  // namespace

int main(int count, char** words) {
  const std::vector<std::string> given(words + 1, words + count);
  const auto frames = frames_of(given.at(0));
  if (given.at(2) == "uneven") {
    uneven(frames, given.at(1));
  } else {
    turned(frames, given.at(1), std::stoi(given.at(3)));
  }
}
