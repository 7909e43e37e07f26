#include <algorithm>
#include <cmath>

#include "stages/report/detection.h"
#include "stages/report/html.h"
#include "stages/scores/missing.h"

namespace realface::stages::report::html {
namespace {

constexpr size_t kWorst = 5;  // of each class

std::string counted(const nlohmann::json& object, const char* key) {
  const double value = number_at(object, key);
  return std::isfinite(value) ? count(std::llround(value)) : "?";
}

std::string videos_of(const nlohmann::json& metrics) {
  return counted(metrics, "real") + " / " + counted(metrics, "fake");
}

/// The first few of one class, ordered by how far they are on the wrong side.
std::vector<const VideoScore*> worst_of(const TestedSet& set, int label) {
  std::vector<const VideoScore*> worst;
  for (const auto* video : set.videos) {
    if (video->label == label) { worst.push_back(video); }
  }
  std::ranges::sort(worst, {}, [&](const VideoScore* video) {
    return std::pair(label == 0 ? -video->p_fake : video->p_fake, video->video);
  });
  worst.resize(std::min(worst.size(), kWorst));
  return worst;
}

}  // namespace

std::vector<std::string> figure_heads(const std::string& what) {
  return {what, "AUC", "95 % interval", "EER", "average precision", "accuracy", "videos, real / fake"};
}

std::vector<std::string> mask_heads(const std::string& what) {
  return {what,
          "IoU",
          "IoU, pooled",
          "right pixels, fakes",
          "right pixels, with reals",
          "tampered pixels, fakes",
          "fake frames",
          "without a true mask"};
}

std::vector<std::string> row_of(const std::string& name, const nlohmann::json& metrics) {
  const auto interval = interval_of(metrics);
  return {escape(name),
          number(number_at(metrics, "auc")),
          interval.empty() ? "not known" : interval,
          percent(number_at(metrics, "eer")),
          number(number_at(metrics, "ap")),
          percent(number_at(metrics, "acc")),
          videos_of(metrics)};
}

std::vector<std::string> row_of_masks(const std::string& name, const nlohmann::json& found) {
  const auto fakes = found.value("fakes", nlohmann::json()), all = found.value("all", nlohmann::json());
  return {escape(name),
          number(number_at(fakes, "iou")),
          number(number_at(fakes, "iou_pooled")),
          percent(number_at(fakes, "pbca")),
          percent(number_at(all, "pbca")),
          percent(number_at(fakes, "positive")),
          counted(fakes, "frames"),
          counted(found, "unknown")};
}

std::string by_manipulation(const TestedSet& set) {
  const auto found = set.figures.find("video");
  if (found == set.figures.end() || !found->is_object()) { return ""; }
  std::vector<std::vector<std::string>> rows;
  for (const auto& [method, metrics] : found->items()) {
    if (method != "all") { rows.push_back(row_of(method, metrics)); }
  }
  if (rows.empty()) { return ""; }
  rows.push_back(row_of("all together", set.all()));
  return "<h3>By manipulation</h3>\n" +
         paragraph("The fake videos of one manipulation at a time, against all real ones of the set.") +
         table("Scores of videos of " + escape(set.name) + ", by manipulation", figure_heads("manipulation"), rows, 1);
}

std::string located_by_manipulation(const TestedSet& set) {
  const auto found = set.figures.find("localization");
  if (found == set.figures.end() || !found->is_object()) { return ""; }
  std::vector<std::vector<std::string>> rows;
  for (const auto& [method, masks] : found->items()) {
    if (method != "all") { rows.push_back(row_of_masks(method, masks)); }
  }
  rows.push_back(row_of_masks("all together", found->value("all", nlohmann::json())));
  return "<h3>Where faces were tampered with</h3>\n" +
         paragraph(
             "Predicted masks, from 0.5 on, beside the true ones, on the crops. IoU is the area that both cover as a share of what either "
             "covers: the mean over the fake frames, and that of all their pixels together. A real face has an empty mask. The more of "
             "a face was left alone, the more pixels are right by themselves.") +
         table("Masks of " + escape(set.name) + ", by manipulation", mask_heads("manipulation"), rows, 1);
}

std::string worst_mistakes(const TestedSet& set) {
  std::vector<std::vector<std::string>> rows;
  for (const int label : {0, 1}) {
    for (const auto* video : worst_of(set, label)) {
      rows.push_back({label == 0 ? "real" : "fake", escape(video->video),
                      video->method.empty() ? "–" : escape(video->method), number(video->p_fake)});
    }
  }
  if (rows.empty()) { return ""; }
  const auto wrong = std::ranges::count_if(
      set.videos, [](const VideoScore* video) { return (video->p_fake > 0.5) != (video->label == 1); });
  return "<h3>Worst mistakes</h3>\n" +
         paragraph("The real videos with the highest scores, then the fake ones with the lowest. " +
                   std::string(wrong == 0 ? "None is on the wrong side of 0.5: these come nearest."
                                          : "Of all scored videos, " + count(wrong) + (wrong == 1 ? " is" : " are") +
                                                " on the wrong side of 0.5.")) +
         table("Videos of " + escape(set.name) + " with the worst scores", {"it is", "video", "manipulation", "score"},
               rows, 3);
}

}  // namespace realface::stages::report::html
