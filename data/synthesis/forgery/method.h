#pragma once

#include <cstdint>
#include <span>
#include <string>

/// The manipulations by name, and how hard their forgeries are to tell.
namespace realface::data::synthesis {

/// Named after the folders of FaceForensics++ whose traces they resemble, but for LipSync, named after what it is for.
enum class Method : uint8_t {
  deepfakes,        // another person's inner face, by an autoencoder
  face2face,        // the target's own mouth and chin with the source's expression
  faceswap,         // another person's inner face, by computer graphics
  neural_textures,  // the target's own lower face, drawn anew from a learned texture
  face_shifter,     // level hard alone: another person's features melted into the target's own
  lip_sync          // level hard alone: the mouth alone, speaking to another sound (Wav2Lip)
};

/// easy: every method has a trace of its own that a small network finds, and leaves it in raw frames.
/// hard: the traces are hidden (hard_manipulation.h), and every video, real or fake, is processed (processing.h).
enum class Level : uint8_t { easy, hard };

/// The methods of a level, in the order of the enumeration: four, or all six.
std::span<const Method> methods_of(Level level);

/// The folder of a method in a FaceForensics++ tree: "Deepfakes", ...
std::string method_name(Method method);

/// The method of any level. Throws UsageError with the nearest name.
Method method_of(const std::string& name);

/// "easy" or "hard".
std::string level_name(Level level);

/// Throws UsageError naming the two.
Level level_of(const std::string& name);

}  // namespace realface::data::synthesis
