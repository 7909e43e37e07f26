#pragma once

#include <cstdint>
#include <opencv2/core/matx.hpp>

/// Who a procedural person is: numbers drawn once from (seed, number). Lengths are in half face widths ("units"): the
/// pupils lie at v = 0, about 0.45 to either side, the chin near v = 1.5; u grows to the right of the picture, v
/// downwards. Proportions follow adult anthropometric means (bizygomatic breadth 140 mm = 2 units). Colours are linear
/// RGB (gamma 2) in 0..1.
namespace realface::data::synthesis {

using Colour = cv::Vec3f;

struct Head {
  float width, height;    // scale of the outline
  float jaw;              // exponent of the lower outline: 1.9 oval .. 2.7 square
  float taper;            // narrowing towards the chin
  float cheeks, chin;     // how far they stand out
  float depth;            // how far the face bulges towards the camera
  float size, x, y;       // units in frame sizes, and where the head is at rest
  float eye_gap, eye_v;   // half distance between the pupils, and their height
  float nose_v, mouth_v;  // height of nose tip and mouth line
};

struct Skin {
  Colour colour;
  float redness, freckles, blotches, pores;
  float age;  // 0 smooth .. 1 wrinkled
  float stubble;
  float shine;
  int moles;
};

enum class HairStyle { bald, buzz, parted, fringe, swept, long_straight, curly, bob };

struct Hair {
  HairStyle style;
  Colour colour;
  float line;    // height of the hairline above the eyes
  float volume;  // thickness beyond the skull
  float part;    // -1..1: where it is parted
  float beard;   // 0 none .. 1 full
};

struct Brows {
  float thickness, arch, height, tilt, length, density;
  Colour colour;
};

struct Eyes {
  float width, opening, tilt, fold, lashes;
  Colour iris;
  Colour shadow;  // of the lids, times the skin
};

struct Nose {
  float width, bridge, tip, length;
};

struct Lips {
  float width, upper, lower, bow;
  Colour colour;
};

struct Glasses {
  bool worn;
  float radius, squareness, thickness;
  Colour colour;
};

struct Light {
  cv::Vec3f direction;  // unit, towards the lamp: right, down, to the camera
  Colour colour, ambient;
};

struct Camera {
  float noise;  // standard deviation in levels of 255
  float blur;   // sigma in pixels of a 256 frame
};

/// One procedural person, with the light and the camera they were filmed with.
struct Identity {
  uint64_t seed = 0, number = 0;  // key of every further draw
  uint64_t face = 0;              // whose skin texture: another number than `number` after a swap
  Head head;
  Skin skin;
  Hair hair;
  Brows brows;
  Eyes eyes;
  Nose nose;
  Lips lips;
  Glasses glasses;
  Light light;
  Camera camera;
};

/// The person of this number: a pure function of both.
Identity make_identity(uint64_t seed, uint64_t number);

/// The target's head, hair, light and camera with the source's skin and inner features at the target's places: what a
/// perfect face swap would film.
Identity swap_face(const Identity& target, const Identity& source);

/// sRGB levels 0..255 in linear light.
Colour linear(float red, float green, float blue);

}  // namespace realface::data::synthesis
