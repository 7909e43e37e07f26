#include "data/synthesis/forgery/method.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace realface::data::synthesis {
namespace {

constexpr std::array kAll = {Method::deepfakes,       Method::face2face,    Method::faceswap,
                             Method::neural_textures, Method::face_shifter, Method::lip_sync};
constexpr std::array kNames = {"Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures", "FaceShifter", "LipSync"};
constexpr size_t kEasy = 4;

}  // namespace

std::span<const Method> methods_of(Level level) {
  return std::span<const Method>(kAll).first(level == Level::easy ? kEasy : kAll.size());
}

std::string method_name(Method method) { return kNames[static_cast<size_t>(method)]; }

Method method_of(const std::string& name) {
  const auto* const found = std::ranges::find(kNames, name);
  if (found != kNames.end()) { return kAll[static_cast<size_t>(found - kNames.begin())]; }
  const std::string near = nearest(name, {kNames.begin(), kNames.end()});
  throw UsageError("[synth] unknown method \"" + name +
                   "\"; known are Deepfakes, Face2Face, FaceSwap and NeuralTextures, and with --level hard " +
                   "FaceShifter and LipSync" + (near.empty() ? "" : "; did you mean " + near + "?"));
}

std::string level_name(Level level) { return level == Level::easy ? "easy" : "hard"; }

Level level_of(const std::string& name) {
  for (const Level level : {Level::easy, Level::hard}) {
    if (level_name(level) == name) { return level; }
  }
  throw UsageError("[synth] unknown level \"" + name + "\"; there are easy and hard");
}

}  // namespace realface::data::synthesis
