#pragma once

#include <memory>

#include "data/synthesis/forgery/blending.h"
#include "data/synthesis/forgery/method.h"

/// Six kinds of forgery that hide what gives those of level easy away. All of them fade in over a wide rim and blend in
/// two bands: what is wide (light, skin tone) stays the original's, so that no colour is off and no edge is seen. Then
/// their lines are as strong, and their grain as high, as the original's, so that none is soft. What is left is how
/// each is made, fainter or stronger by the quality drawn for each video:
///
///  - Deepfakes: another's inner face, slightly soft, with the checkerboard that a decoder's upsampling leaves.
///  - Face2Face: the own face with another's expression, stretched downwards as the texture of a mesh is, with its
///  rows.
///  - FaceSwap: another's face of few unfiltered texels, lit in the triangles of a mesh.
///  - NeuralTextures: the own lower face bent by a ripple, with the columns of a learned texture.
///  - FaceShifter: another's features melted into the own ones, not quite in register, in a fine honeycomb.
///  - LipSync: the mouth alone, slightly soft, in slanted rows; what Wav2Lip makes.
///
/// Such fingerprints are those of Marra et al. (MIPR 2019) and Frank et al. (ICML 2020), made coarse enough to outlast
/// compression and a crop of 64 pixels. In some videos of every method there is one more, that all methods share: what
/// a detector can learn of one method and find in another.
namespace realface::data::synthesis {

/// Forges the frames of one target with one source, at level hard. `forge` is const; the target must outlive the
/// forger.
class HardForger {
 public:
  HardForger(Method method, const Renderer& target, const Identity& source);

  /// `original` is what the target's renderer made of frame `frame`.
  Forgery forge(const Frame& original, int64_t frame) const;

 private:
  /// Waves over the face that a generator leaves: `arms` directions from `turn` on (radians), `waves` a unit, by whose
  /// sum the light is changed, to `strength`.
  struct Fingerprint {
    float strength, waves, turn;
    int arms;  // 1 stripes, 2 a grid, 3 a honeycomb
  };

  static Fingerprint fingerprint_of(Method method);
  cv::Mat replacement(const Frame& original, int64_t frame) const;
  void imprint(const Fingerprint& print, const Frame& original, cv::Mat& image) const;

  Method method_;
  const Renderer& target_;
  Identity source_;
  std::unique_ptr<Renderer> swapped_;  // of the methods that bring another face
  cv::Mat region_;                     // CV_8U cover on the target's canvas
  float quality_;                      // of this forgery, 0 poor .. 1 good: how faint its own trace is
  Fingerprint own_, shared_;           // of the method, and of every method's; strength 0: none
};

}  // namespace realface::data::synthesis
