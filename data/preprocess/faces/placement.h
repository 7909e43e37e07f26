#pragma once

#include <string>
#include <vector>

#include "data/preprocess/faces/track.h"
#include "data/preprocess/geometry.h"

/// Where the crops of faces lie in their pictures (G12).
namespace realface::data::preprocess {

/// How faces are cut out, as shards state it of theirs (Manifest::crops).
struct CropPolicy {
  int size = 224;
  double margin = 1.3;
  std::string crop = "clip";   // clip: one place for the frames of a video or window; frame: one a frame
  std::string align = "none";  // none: upright, a square about the detector's box; similarity: turned and scaled, so
                               // that eyes, nose and mouth match ArcFace's template
};

/// What `CropPolicy::align` may be.
bool is_alignment(const std::string& name);

struct Placement {
  Affine to_crop{};
  Box around;  // of the crop, in source pixels
};

/// Aligned, five points of a face are brought to the template by the similarity that leaves the smallest sum of squares
/// (Umeyama, IEEE TPAMI 1991; without reflection): the centres of the eyes (the means of landmarks 36 to 41 and 42 to
/// 47), the tip of the nose (30) and the corners of the mouth (48, 54). The template is that of ArcFace (Deng et al.,
/// CVPR 2019), in a picture of 112 x 112; the crop is `margin` times as large, about the same centre.
class Placer {
 public:
  /// `clip`: the faces of one person, in the frames that belong together; at least one. Of an aligned clip the means of
  /// the points over its frames are brought to the template, and the crop is as much larger as holds those of all
  /// frames.
  Placer(const CropPolicy& policy, const std::vector<Face>& clip);

  /// Of one of these faces.
  Placement place(const Face& face) const;

 private:
  CropPolicy policy_;
  Placement clip_;
};

}  // namespace realface::data::preprocess
