#include <dlib/array2d.h>
#include <dlib/image_processing/frontal_face_detector.h>
#include <gtest/gtest.h>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "data/synthesis/forgery/hard_manipulation.h"
#include "data/synthesis/forgery/manipulation.h"
#include "data/synthesis/processing.h"

namespace realface::data::synthesis {
namespace {

/// Faces that dlib's HOG detector finds as preprocessing uses it, with the middle of one near the drawn face.
class Finder {
 public:
  bool finds(const cv::Mat& rgb, const Identity& person) {
    cv::Mat grey;
    cv::cvtColor(rgb, grey, cv::COLOR_RGB2GRAY);
    dlib::array2d<unsigned char> image(grey.rows, grey.cols);
    for (int y = 0; y < grey.rows; ++y) { std::copy_n(grey.ptr<uint8_t>(y), grey.cols, &image[y][0]); }
    for (const dlib::rectangle& box : detector_(image)) {
      const float x = 0.5F * static_cast<float>(box.left() + box.right()) / static_cast<float>(grey.cols);
      const float y = 0.5F * static_cast<float>(box.top() + box.bottom()) / static_cast<float>(grey.rows);
      const float below_eyes = person.head.y + 0.45F * person.head.size;
      if (std::abs(x - person.head.x) < 0.12F && std::abs(y - below_eyes) < 0.15F) { return true; }
    }
    return false;
  }

 private:
  dlib::frontal_face_detector detector_ = dlib::get_frontal_face_detector();
};

TEST(SynthesisFaces, AreFoundByDlibInNineteenOfTwentyFrames) {
  Finder finder;
  int frames = 0, found = 0;
  for (uint64_t number = 0; number < 40; ++number) {
    const Renderer renderer(make_identity(0, number), 256);
    for (const int64_t frame : {0, 11, 23}) {
      ++frames;
      found += finder.finds(renderer.render(pose_at(renderer.person(), frame), frame).image, renderer.person()) ? 1 : 0;
    }
  }
  RecordProperty("found", found);
  EXPECT_GE(found, (frames * 19 + 19) / 20) << "of " << frames;
}

TEST(SynthesisFaces, StayFacesWhenForged) {
  Finder finder;
  int frames = 0, found = 0;
  for (uint64_t number = 0; number < 10; ++number) {
    const Renderer target(make_identity(1, number), 256);
    const Identity source = make_identity(1, number + 10);
    const Frame real = target.render(pose_at(target.person(), 5), 5);
    for (const Method method : methods_of(Level::easy)) {
      ++frames;
      found += finder.finds(Forger(method, target, source).forge(real, 5).image, target.person()) ? 1 : 0;
    }
    for (const Method method : methods_of(Level::hard)) {
      ++frames;
      const cv::Mat forged = HardForger(method, target, source).forge(real, 5).image;
      const Processing processing(target.person(), 1 + static_cast<uint64_t>(method));
      found += finder.finds(processing.apply(forged, 5), target.person()) ? 1 : 0;
    }
  }
  RecordProperty("found", found);
  EXPECT_GE(found, (frames * 19 + 19) / 20) << "of " << frames;
}

}  // namespace
}  // namespace realface::data::synthesis
