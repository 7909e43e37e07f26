#include "stages/detect/sheet.h"

#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>

#include "stages/detect/heat.h"
#include "tests/temporary_folder.h"

namespace realface::stages {
namespace {

Look look_at(double seconds) { return {seconds, 0.5, at::full({8, 8, 3}, 60, torch::kUInt8), {}}; }

TEST(Looks, AreEvenlySpreadOverHoweverManyThereAre) {
  for (const int count : {1, 3, 8, 15, 16, 17, 100, 1000}) {
    Looks looks(8);
    for (int i = 0; i < count; ++i) { looks.add(look_at(i)); }
    const auto chosen = looks.chosen();
    ASSERT_EQ(chosen.size(), static_cast<size_t>(std::min(count, 8))) << count;
    EXPECT_EQ(chosen.front().seconds, 0);
    EXPECT_GE(chosen.back().seconds, 0.6 * (count - 1)) << count;
    for (size_t i = 1; i < chosen.size(); ++i) { EXPECT_GT(chosen[i].seconds, chosen[i - 1].seconds); }
  }
}

TEST(Looks, KeepCopies) {
  Looks looks;
  auto face = at::full({8, 8, 3}, 60, torch::kUInt8);
  looks.add({0, 0.5, face, {}});
  face.fill_(0);
  EXPECT_EQ(looks.chosen().front().face.max().item<int>(), 60);
}

/// The pixel in the middle of the first face of a row of sheets of 128 pixels, 18 of caption above.
cv::Vec3b middle(const cv::Mat& sheet, int below) { return sheet.at<cv::Vec3b>(18 + 64 + below, 6 + 64); }

TEST(ContactSheet, ShowsFacesAndBelowThemWhatWasTamperedWith) {
  const TemporaryFolder folder;
  std::map<int64_t, Looks> people;
  auto look = look_at(0);
  look.heat = at::full({8, 8}, 1.0);
  people[3].add(look);
  write_contact_sheet(folder.path() / "masks.png", people);
  const cv::Mat masked = cv::imread((folder.path() / "masks.png").string());
  EXPECT_EQ(middle(masked, 0), cv::Vec3b(60, 60, 60));
  EXPECT_EQ(middle(masked, 128 + 18), cv::Vec3b(30, 105, 158));  // half of orange, in BGR
  people.clear();
  people[0].add(look_at(0));
  people[1].add(look_at(0));
  write_contact_sheet(folder.path() / "plain.png", people);
  EXPECT_EQ(cv::imread((folder.path() / "plain.png").string()).rows, 2 * (128 + 2 * 18 + 6) + 6);
}

TEST(Heat, ReachingOverAPicturesEdgeColoursWhatLiesInIt) {
  cv::Mat picture(10, 10, CV_8UC3, cv::Scalar(60, 60, 60));
  lay_over(at::full({4, 4}, 0.4), {255, 150, 0}, {6, -4, 8, 8}, picture);
  EXPECT_EQ(picture.at<cv::Vec3b>(0, 8), cv::Vec3b(99, 78, 48));  // a fifth of the colour
  EXPECT_EQ(picture.at<cv::Vec3b>(0, 5), cv::Vec3b(60, 60, 60));
  EXPECT_EQ(picture.at<cv::Vec3b>(5, 8), cv::Vec3b(60, 60, 60));
  const cv::Mat before = picture.clone();
  lay_over(at::full({4, 4}, 0.4), {255, 150, 0}, {20, 20, 8, 8}, picture);
  EXPECT_EQ(cv::norm(picture, before, cv::NORM_INF), 0);
}

TEST(Heat, OfATurnedCropLiesWhereTheCropWas) {
  cv::Mat picture(40, 60, CV_8UC3, cv::Scalar(60, 60, 60));
  auto heat = at::zeros({16, 16});
  heat.slice(0, 0, 8).fill_(0.4);  // its upper half
  // A crop at half the size, turned: its top is at the right of the square of 32 pixels from (20, 4), so that
  // crop x = (y - 4 + 0.5) / 2 - 0.5 and crop y = (51 - x + 0.5) / 2 - 0.5.
  lay_turned(heat, {255, 150, 0}, cv::Matx23d(0, 0.5, -2.25, -0.5, 0, 25.25), picture);
  EXPECT_EQ(picture.at<cv::Vec3b>(20, 46), cv::Vec3b(99, 78, 48));
  EXPECT_EQ(picture.at<cv::Vec3b>(8, 42), cv::Vec3b(99, 78, 48));
  EXPECT_EQ(picture.at<cv::Vec3b>(20, 26), cv::Vec3b(60, 60, 60));  // in the crop, without heat
  EXPECT_EQ(picture.at<cv::Vec3b>(20, 55), cv::Vec3b(60, 60, 60));
  EXPECT_EQ(picture.at<cv::Vec3b>(2, 46), cv::Vec3b(60, 60, 60));
  const cv::Mat before = picture.clone();
  lay_turned(heat, {255, 150, 0}, cv::Matx23d(1, 0, 100, 0, 1, 0), picture);
  EXPECT_EQ(cv::norm(picture, before, cv::NORM_INF), 0);
}

}  // namespace
}  // namespace realface::stages
