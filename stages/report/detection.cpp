#include "stages/report/detection.h"

#include <cmath>

#include "stages/report/html.h"
#include "stages/report/sections.h"
#include "stages/scores/missing.h"

namespace realface::stages::report::html {
namespace {

int64_t count_at(const nlohmann::json& object, const char* key) {
  const double value = number_at(object, key);
  return std::isfinite(value) ? std::llround(value) : 0;
}

std::string text_at(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string videos(int64_t number_of, const std::string& what) {
  return count(number_of) + " " + what + (number_of == 1 ? " video" : " videos");
}

std::string what_was_scored(const TestedSet& set) {
  const auto& results = set.part->results;
  const auto split = text_at(results, "split");
  const int64_t frames = count_at(results, "frames");
  std::string words = "Each video";
  if (!split.empty()) { words += split == "all" ? " of all splits" : " of the " + escape(split) + " split"; }
  words += " got a score from 0 for real to 1 for fake";
  if (frames > 0) { words += ", from " + count(frames) + (frames == 1 ? " frame of it" : " frames of it"); }
  return paragraph(words + ". The figures count videos, not frames.");
}

/// A set that helped to choose the detector flatters it.
std::string oracle(const TestedSet& set) {
  if (!is_oracle(set)) { return ""; }
  const auto& said = set.figures["oracle"];
  return element(
      "p", "warning",
      "<strong>oracle</strong>: something of this detector, like its checkpoint or a threshold, was chosen by its result on these very videos. The figures say what could be reached at best, not what to expect of videos that it has never met." +
          (said.is_string() ? " Chosen: " + escape(said.get<std::string>()) + "." : ""));
}

std::string tiles_of(const nlohmann::json& metrics) {
  const auto interval = interval_of(metrics);
  std::string tiles =
      tile(number(number_at(metrics, "auc")), "AUC",
           (interval.empty() ? "no 95 % interval" : "95 % interval " + interval) + "; 0.5 is a coin toss");
  tiles +=
      tile(percent(number_at(metrics, "eer")), "EER", "the share of mistakes where real and fake videos have the same");
  tiles += tile(percent(number_at(metrics, "acc")), "accuracy", "share of videos on their side of 0.5");
  tiles += tile(count(count_at(metrics, "real")) + " / " + count(count_at(metrics, "fake")), "real / fake videos",
                "that have a score");
  return element("ul", "tiles", tiles);
}

/// Why a figure is not there, as results.json says it.
std::string what_is_missing(const nlohmann::json& metrics) {
  const auto reason = text_at(metrics, "reason");
  if (std::isfinite(number_at(metrics, "auc"))) {
    return reason.empty() ? "" : missing("The AUC has no interval: " + escape(reason) + ".");
  }
  return missing("AUC and EER cannot be said of this set" + (reason.empty() ? "." : ": " + escape(reason) + "."));
}

std::string without_face(const TestedSet& set) {
  const auto found = set.figures.find("without_face");
  if (found == set.figures.end()) { return ""; }
  const int64_t real = count_at(*found, "real"), fake = count_at(*found, "fake");
  if (real + fake == 0) { return paragraph("A usable face was found in every video."); }
  return element("p", "warning",
                 "No usable face was found in " + videos(real, "real") + " and " + videos(fake, "fake") +
                     ": they have no score and are left out of every figure.");
}

/// Of an evaluation that scored single frames too.
std::string by_frame(const TestedSet& set) {
  const auto frames = set.figures.find("frame");
  const auto all =
      frames == set.figures.end() || !frames->is_object() ? nlohmann::json() : frames->value("all", nlohmann::json());
  if (!std::isfinite(number_at(all, "auc"))) { return ""; }
  const auto interval = interval_of(all);
  return paragraph("Taken one by one, frames reach an AUC of " + number(number_at(all, "auc")) +
                   (interval.empty() ? "" : " (95 % interval " + interval + ", the frames of a video as one cluster)") +
                   " and an accuracy of " + percent(number_at(all, "acc")) + ".");
}

std::string content_of(const TestedSet& set) {
  const auto metrics = set.all();
  std::string content = what_was_scored(set) + oracle(set);
  if (set.part->results.is_null()) {
    content += element("p", "warning", "The evaluation has not finished: these are the scores that it has until now.");
  }
  return content + tiles_of(metrics) + what_is_missing(metrics) + without_face(set) + by_frame(set) +
         by_manipulation(set) + located_by_manipulation(set) + operating_curves(set) + score_histogram(set) +
         similarity_charts(set) + worst_mistakes(set);
}

}  // namespace

std::string detection(const ReportInput& input) {
  const std::string heading = "How well it tells fakes from real videos";
  const auto sets = tested_sets(input);
  std::string sections;
  for (size_t i = 0; i < sets.size(); ++i) {
    sections += sets.size() == 1 ? section("detection", heading, content_of(sets[i]))
                                 : section("detection-" + std::to_string(i + 1), heading + ": " + escape(sets[i].name),
                                           content_of(sets[i]));
  }
  return sections;
}

}  // namespace realface::stages::report::html
