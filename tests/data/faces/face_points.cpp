#include "tests/data/faces/face_points.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numbers>

namespace realface::data::test {
namespace {

/// Image-left half and middle line in a 224 px crop, 0-based index; the rest is its mirror image about x = 111.5.
struct Drawn {
  int index;
  float x, y;
};
constexpr Drawn kHalf[] = {{0, 43, 92},      {1, 44, 109},     {2, 47, 126},     {3, 52, 142},     {4, 60, 156},
                           {5, 71, 168},     {6, 84, 177},     {7, 97, 183},     {8, 111.5, 185},  {17, 54, 76},
                           {18, 62, 69},     {19, 73, 67},     {20, 84, 69},     {21, 95, 73},     {27, 111.5, 87},
                           {28, 111.5, 99},  {29, 111.5, 110}, {30, 111.5, 121}, {31, 98, 129},    {32, 105, 132},
                           {33, 111.5, 134}, {36, 67, 88},     {37, 74, 84},     {38, 83, 84},     {39, 90, 89},
                           {40, 83, 92},     {41, 74, 92},     {48, 84, 152},    {49, 94, 147},    {50, 105, 144},
                           {51, 111.5, 146}, {59, 94, 160},    {58, 104, 164},   {57, 111.5, 165}, {60, 88, 152},
                           {61, 104, 150},   {62, 111.5, 151}, {67, 104, 155},   {66, 111.5, 156}};

int mirrored(int i) {
  static const std::array<std::array<int, 2>, 29> pairs = {
      {{0, 16},  {1, 15},  {2, 14},  {3, 13},  {4, 12},  {5, 11},  {6, 10},  {7, 9},   {17, 26}, {18, 25},
       {19, 24}, {20, 23}, {21, 22}, {31, 35}, {32, 34}, {36, 45}, {37, 44}, {38, 43}, {39, 42}, {40, 47},
       {41, 46}, {48, 54}, {49, 53}, {50, 52}, {59, 55}, {58, 56}, {60, 64}, {61, 63}, {67, 65}}};
  for (const auto& pair : pairs) {
    if (pair[0] == i) { return pair[1]; }
  }
  return i;
}

double attribute(const std::string& tag, const std::string& name) {
  const auto start = tag.find(" " + name + "='") + name.size() + 3;
  return std::stod(tag.substr(start, tag.find('\'', start) - start));
}

/// Enough of dlib's xml for these two files: one tag a line, a box before its parts.
void read_faces(const std::filesystem::path& file, double scale, int size, std::vector<Marks>& faces) {
  std::ifstream stream(file);
  double left = 0, top = 0, zoom = 1;
  for (std::string line; std::getline(stream, line);) {
    if (line.find("<box") != std::string::npos) {
      const double width = attribute(line, "width"), height = attribute(line, "height");
      const double side = scale * std::max(width, height);
      left = attribute(line, "left") + width / 2 - side / 2;
      top = attribute(line, "top") + height / 2 - side / 2;
      zoom = size / side;
      faces.emplace_back();
    } else if (line.find("<part") != std::string::npos) {
      const auto index = static_cast<size_t>(attribute(line, "name"));
      faces.back()[2 * index] = static_cast<float>((attribute(line, "x") - left) * zoom);
      faces.back()[2 * index + 1] = static_cast<float>((attribute(line, "y") - top) * zoom);
    }
  }
}

}  // namespace

Marks drawn_face(int size) {
  const float zoom = static_cast<float>(size) / 224;
  Marks face{};
  const auto set = [&](int index, float x, float y) {
    face[static_cast<size_t>(2 * index)] = (x + 0.5f) * zoom - 0.5f;
    face[static_cast<size_t>(2 * index + 1)] = (y + 0.5f) * zoom - 0.5f;
  };
  for (const auto& [index, x, y] : kHalf) {
    set(index, x, y);
    set(mirrored(index), 223 - x, y);
  }
  return face;
}

Marks rolled_face(double degrees, int size) {
  const double angle = degrees * std::numbers::pi / 180, middle = (size - 1) / 2.0;
  Marks face = drawn_face(size);
  for (size_t i = 0; i < face.size(); i += 2) {
    const double x = face[i] - middle, y = face[i + 1] - middle;
    face[i] = static_cast<float>(middle + std::cos(angle) * x - std::sin(angle) * y);
    face[i + 1] = static_cast<float>(middle + std::sin(angle) * x + std::cos(angle) * y);
  }
  return face;
}

std::vector<Marks> photographed_faces(double scale, int size) {
  std::vector<Marks> faces;
  const char* folder = std::getenv("REALFACE_TEST_DATA");
  if (folder == nullptr) { return faces; }
  for (const char* name : {"training_with_face_landmarks.xml", "testing_with_face_landmarks.xml"}) {
    read_faces(std::filesystem::path(folder) / "landmarks" / name, scale, size, faces);
  }
  return faces;
}

}  // namespace realface::data::test
