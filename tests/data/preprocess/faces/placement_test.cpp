#include "data/preprocess/faces/placement.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numbers>

#include "data/preprocess/faces/crop.h"
#include "tests/data/preprocess/picture_of.h"

namespace realface::data::preprocess {
namespace {

using Point = std::array<double, 2>;

// Eyes, nose and corners of the mouth in a crop of 224 at margin 1.3: (x + 0.5 - 56) / 112 / 1.3 of its side from its
// middle, by hand from ArcFace's template.
const std::array<Point, 5> kPlaces = {
    {{85.0302, 105.6482}, {139.2412, 105.3483}, {112.3080, 136.4794}, {90.0374, 168.2162}, {134.9306, 167.9678}}};

/// A point of the template crop in a picture where the face stands at `angle` degrees, `scale` times as large.
Point filmed(const Point& p, double angle, double scale, const Point& middle) {
  const double c = scale * std::cos(angle * std::numbers::pi / 180),
               s = scale * std::sin(angle * std::numbers::pi / 180);
  const double x = p[0] - 111.5, y = p[1] - 111.5;
  return {middle[0] + c * x - s * y, middle[1] + s * x + c * y};
}

void put(Face& face, size_t landmark, const Point& at) {
  face.landmarks[2 * landmark] = static_cast<float>(at[0]);
  face.landmarks[2 * landmark + 1] = static_cast<float>(at[1]);
}

/// Whose five points are exactly the template's.
Face face_of(double angle, double scale, const Point& middle) {
  Face face;
  const auto at = [&](size_t i) { return filmed(kPlaces[i], angle, scale, middle); };
  for (size_t i = 0; i < 6; ++i) {  // a ring about each eye
    const double turn = static_cast<double>(i) * std::numbers::pi / 3;
    for (size_t eye : {0, 1}) {
      const Point centre = at(eye);
      put(face, 36 + 6 * eye + i, {centre[0] + 4 * std::cos(turn), centre[1] + 2 * std::sin(turn)});
    }
  }
  put(face, 30, at(2));
  put(face, 48, at(3));
  put(face, 54, at(4));
  const auto x = static_cast<float>(middle[0]), y = static_cast<float>(middle[1]);
  face.box = {x - 40, y - 40, x + 40, y + 40};
  return face;
}

CropPolicy aligned(const std::string& crop = "frame") { return {224, 1.3, crop, "similarity"}; }

Point landing(const Affine& m, const Point& p) {
  return {m[0] * p[0] + m[1] * p[1] + m[2], m[3] * p[0] + m[4] * p[1] + m[5]};
}

TEST(Placement, BringsEyesNoseAndMouthToTheTemplateWhateverTheAngle) {
  for (const double angle : {-170.0, -33.0, 0.0, 12.5, 90.0}) {
    const Face face = face_of(angle, 0.6, {311, 207});
    const Affine to_crop = Placer(aligned(), {face}).place(face).to_crop;
    for (const Point& place : kPlaces) {
      const Point landed = landing(to_crop, filmed(place, angle, 0.6, {311, 207}));
      EXPECT_NEAR(landed[0], place[0], 0.01) << angle;
      EXPECT_NEAR(landed[1], place[1], 0.01) << angle;
    }
    const auto crop = mapped(to_crop, face.landmarks);  // as they are stored
    EXPECT_NEAR(crop[60], kPlaces[2][0], 0.01);
    EXPECT_NEAR(crop[61], kPlaces[2][1], 0.01);
  }
}

TEST(Placement, ShowsADrawnFaceUpright) {
  const double angle = 27, scale = 0.8;
  const Point middle = {150, 140};
  const Face face = face_of(angle, scale, middle);
  const Picture picture = picture_of(320, 300, [&](int x, int y, int) {
    for (const Point& place : kPlaces) {
      const Point at = filmed(place, angle, scale, middle);
      if (std::hypot(x - at[0], y - at[1]) < 5) { return 220; }
    }
    return 20;
  });
  const auto pixels = crop_pixels(picture, Placer(aligned(), {face}).place(face).to_crop, 224);
  for (const Point& place : kPlaces) {  // the centre of what is bright around each place
    double sum = 0, x = 0, y = 0;
    for (int row = -12; row <= 12; ++row) {
      for (int column = -12; column <= 12; ++column) {
        const int px = static_cast<int>(std::lround(place[0])) + column,
                  py = static_cast<int>(std::lround(place[1])) + row;
        const double bright = std::max(0, pixels[static_cast<size_t>(3 * (py * 224 + px))] - 30);
        sum += bright;
        x += bright * px;
        y += bright * py;
      }
    }
    ASSERT_GT(sum, 1000);
    EXPECT_NEAR(x / sum, place[0], 0.5);
    EXPECT_NEAR(y / sum, place[1], 0.5);
  }
}

TEST(Placement, TurnsMasksAsItTurnsPictures) {
  const auto inside = [](double x, double y) { return std::hypot((x - 120) / 60, (y - 100) / 35) < 1; };
  const Picture picture = picture_of(260, 200, [&](int x, int y, int) { return inside(x, y) ? 255 : 0; });
  const Picture half =
      picture_of(130, 100, [&](int x, int y, int) { return inside(2 * x + 0.5, 2 * y + 0.5) ? 255 : 0; });
  const Face face = face_of(-40, 0.7, {125, 95});
  const Affine to_crop = Placer(aligned(), {face}).place(face).to_crop;
  const auto pixels = crop_pixels(picture, to_crop, 224);
  const auto bits = crop_mask(shipped_mask(picture), to_crop, 224, 260, 200);
  const auto of_half = crop_mask(shipped_mask(half), to_crop, 224, 260, 200);
  int64_t same = 0, near = 0, set = 0;
  for (size_t i = 0; i < bits.size(); ++i) {
    same += bits[i] == (pixels[3 * i] > 127 ? 1 : 0);
    near += bits[i] == of_half[i];
    set += bits[i];
  }
  EXPECT_GT(set, 5000);
  EXPECT_GT(same, 224 * 224 * 0.997);  // they may differ on the outline, where one is smooth
  EXPECT_GT(near, 224 * 224 * 0.99);
}

TEST(Placement, OfAClipIsOneAndHoldsTheFacesOfAllFrames) {
  std::vector<Face> clip;
  for (int i = 0; i < 5; ++i) { clip.push_back(face_of(10 + 2 * i, 0.5, {150.0 + 30 * i, 120.0 + 5 * i})); }
  const Placer placer(aligned("clip"), clip);
  const Affine to_crop = placer.place(clip[0]).to_crop;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(placer.place(clip[static_cast<size_t>(i)]).to_crop, to_crop);
    for (const Point& corner : {Point{25.5, 25.5}, Point{197.5, 25.5}, Point{25.5, 197.5}, Point{197.5, 197.5}}) {
      const Point landed = landing(to_crop, filmed(corner, 10 + 2 * i, 0.5, {150.0 + 30 * i, 120.0 + 5 * i}));
      EXPECT_GT(landed[0], 24);
      EXPECT_LT(landed[0], 200);
      EXPECT_GT(landed[1], 24);
      EXPECT_LT(landed[1], 200);
    }
  }
  EXPECT_NEAR(std::atan2(to_crop[3], to_crop[0]) * 180 / std::numbers::pi, -14, 0.5);  // upright on average
  EXPECT_NEAR(to_crop[0], to_crop[4], 1e-6);
}

TEST(Placement, KnowsWhatIsAroundTheCrop) {
  const Face face = face_of(45, 1, {200, 200});
  const auto around = Placer(aligned(), {face}).place(face).around;
  const double reach = 112 * std::numbers::sqrt2;
  EXPECT_NEAR(around.left, 200 - reach, 0.1);
  EXPECT_NEAR(around.right, 200 + reach, 0.1);
  EXPECT_NEAR(around.top, 200 - reach, 0.1);
  EXPECT_NEAR(around.bottom, 200 + reach, 0.1);
}

TEST(Placement, WithoutAlignmentIsTheSquareAboutTheBoxes) {
  const std::vector<Face> clip = {face_of(0, 1, {100, 90}), face_of(9, 1, {131, 95})};
  const Box all = unite(clip[0].box, clip[1].box);
  EXPECT_EQ(Placer({96, 1.4, "clip", "none"}, clip).place(clip[1]).to_crop,
            crop_transform(square_about(all, 1.4F), 96));
  EXPECT_EQ(Placer({96, 1.4, "frame", "none"}, clip).place(clip[1]).to_crop,
            crop_transform(square_about(clip[1].box, 1.4F), 96));
}

}  // namespace
}  // namespace realface::data::preprocess
