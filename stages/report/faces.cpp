#include "stages/report/faces.h"

#include <algorithm>

#include "stages/report/html.h"
#include "stages/report/sections.h"

namespace realface::stages::report::html {
namespace {

const char* const kNoReconstruction =
    "No faces were restored yet: <code>realface reconstruct RUN</code> does it, then this page can be made again.";

bool shows(const Reconstruction& result, std::string Picture::*view) {
  return std::ranges::any_of(result.pictures, [view](const Picture& picture) { return !(picture.*view).empty(); });
}

std::string figure_of(const Picture& picture) {
  std::string cells;
  size_t shown = 0;
  for (const auto& view : kViews) {
    const auto& png = picture.*view.png;
    const std::string name = view.label;
    if (png.empty()) { continue; }
    ++shown;
    cells += "<div>" + image(png, spoken(picture.class_name) + ", " + picture.video + ": " + name) + "<span>" + name +
             "</span></div>";
  }
  return "<figure class=\"face\"><div class=\"" + std::string(shown > kNeededViews ? "row four" : "row") + "\">" +
         cells + "</div><figcaption>" + escape(picture.video) + "</figcaption></figure>\n";
}

std::string strangers(const Reconstruction& result) {
  if (!result.seen_in_training) {
    return element(
        "p", "warning",
        "It is not known whether training saw these faces: they are of other shards than those that it read.");
  }
  if (result.split == "train") { return element("p", "warning", "These faces were trained on: they say little."); }
  if (*result.seen_in_training > 0) {
    return element(
        "p", "warning",
        count(*result.seen_in_training) +
            " of the videos of this split show somebody, or come from a video, that training saw too: the figures flatter the network.");
  }
  return paragraph("None of these videos, and no video made from them, was used in training.");
}

/// Of those beyond the restored face.
std::string about_views(const Reconstruction& result) {
  std::string words;
  if (shows(result, &Picture::mapped)) {
    words += paragraph(
        "The fourth picture is what the mapping network makes of the first, from which it tells real from fake; it is a quarter as wide.");
  }
  if (shows_masks(result)) {
    words += paragraph(
        "The predicted mask says where the localiser takes the face for tampered with: from black for 0 to white for 1. The true mask "
        "is the dataset's; that of a real face is black, and a fake whose mask is not known has none.");
  }
  if (shows(result, &Picture::restored_activation)) {
    words += paragraph(
        "Activation maps (Grad-CAM) show which places speak for a fake, from dark for none to light for the most of this picture: once "
        "for the restored face, and once for the original, laid over what the network maps it to, if it maps.");
  }
  if (shows(result, &Picture::first_differences)) {
    words += paragraph(
        "Maps of differences show where the extractor's features of the restored face leave those of the original, at each block whose "
        "output the detector multiplies by them: from dark for none to light for the most of this picture.");
  }
  if (shows(result, &Picture::residual)) {
    words += paragraph(
        "Residuals show what the autoencoder makes of each block of the face, restored from all others, less the face itself, four times as strong: "
        "grey where it expected what is there, light where it expected a lighter face, dark where a darker one.");
  }
  return words;
}

}  // namespace

std::string spoken(const std::string& class_name) {
  if (class_name == "real") { return "real faces"; }
  return class_name.starts_with("fake/") ? class_name.substr(5) : class_name;
}

std::string faces_of(const Reconstruction& result, const std::string& class_name) {
  std::string figures;
  bool wide = false;
  for (const auto& picture : result.pictures) {
    if (picture.class_name != class_name) { continue; }
    figures += figure_of(picture);
    wide = wide || !picture.mapped.empty() || !picture.mask.empty() || !picture.first_differences.empty() ||
           !picture.residual.empty();
  }
  return figures.empty() ? "" : element("div", wide ? "faces wide" : "faces", figures);
}

bool shows_masks(const Reconstruction& result) { return shows(result, &Picture::mask); }

std::string restored_faces(const ReportInput& input) {
  if (!input.reconstruction && (is_system(input) || detected(input))) { return ""; }
  std::string content = paragraph(
      "Patches of a face are hidden, and the network must paint what was there. Visible patches are copied, hidden ones are the network's own: the closer the third picture is to the first, the better it knows what a real face looks like.");
  if (!input.reconstruction) { return section("faces", "Faces, restored", content + missing(kNoReconstruction)); }
  content += strangers(*input.reconstruction) + about_views(*input.reconstruction);
  const auto faces = faces_of(*input.reconstruction, "real");
  content += faces.empty() ? missing("The " + escape(input.reconstruction->split) + " split has no real face.") : faces;
  const bool never_seen = input.reconstruction->never_seen();
  return section("faces", never_seen ? "Faces it has never seen, restored" : "Faces, restored", content);
}

}  // namespace realface::stages::report::html
