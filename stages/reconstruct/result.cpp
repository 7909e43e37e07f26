#include "stages/reconstruct/result.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "base/sha256.h"
#include "stages/reconstruct/statistics.h"
#include "stages/scores/roc.h"

namespace realface::stages {
namespace {

constexpr int kVersion = 1;

double per_patch(double sum, int64_t patches) { return patches > 0 ? sum / static_cast<double>(patches) : kNaN; }

/// NaN if either is empty.
double auc_of(const std::vector<double>& reals, const std::vector<double>& fakes) {
  std::vector<Scored> scores;
  for (const double error : reals) { scores.push_back({error, 0, false}); }
  for (const double error : fakes) { scores.push_back({error, 0, true}); }
  return roc_metrics(scores).auc;
}

double number_or_nan(const nlohmann::json& value) { return value.is_number() ? value.get<double>() : kNaN; }

nlohmann::json to_json(const ClassResult& result) {
  return {{"name", result.name},
          {"videos", result.videos},
          {"frames", result.frames},
          {"error", number_or_null(result.error)},
          {"low", number_or_null(result.low)},
          {"high", number_or_null(result.high)},
          {"auc", number_or_null(result.auc)}};
}

ClassResult class_from(const nlohmann::json& json) {
  ClassResult result;
  result.name = json.at("name").get<std::string>();
  result.videos = json.at("videos").get<int64_t>();
  result.frames = json.at("frames").get<int64_t>();
  result.error = number_or_nan(json.at("error"));
  result.low = number_or_nan(json.at("low"));
  result.high = number_or_nan(json.at("high"));
  result.auc = number_or_nan(json.at("auc"));
  return result;
}

nlohmann::json to_json(const ErrorSums& sums) {
  return {{"frames", sums.frames},
          {"patches", sums.patches},
          {"model", number_or_null(sums.model)},
          {"train_mean", number_or_null(sums.train_mean)},
          {"neighbours", number_or_null(sums.neighbours)}};
}

ErrorSums sums_from(const nlohmann::json& json) {
  return {json.at("frames").get<int64_t>(), json.at("patches").get<int64_t>(), number_or_nan(json.at("model")),
          number_or_nan(json.at("train_mean")), number_or_nan(json.at("neighbours"))};
}

/// "fake/Deepfakes" and 3 -> "fake-Deepfakes-3".
std::string picture_stem(const Picture& picture, size_t index) {
  std::string stem;
  for (const char c : picture.class_name) { stem += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '-'; }
  return stem + "-" + std::to_string(index);
}

nlohmann::json save_pictures(const std::vector<Picture>& pictures, const std::filesystem::path& folder) {
  nlohmann::json list = nlohmann::json::array();
  for (size_t i = 0; i < pictures.size(); ++i) {
    const auto& picture = pictures[i];
    nlohmann::json entry = {{"class", picture.class_name}, {"video", picture.video}, {"sample", picture.sample}};
    const auto save = [&](const char* what, const std::string& png) {
      // Named after its bytes, so that the pictures of an earlier result stand until nothing names them.
      const std::string name = picture_stem(picture, i) + "-" + what + "-" + sha256_hex(png).substr(0, 12) + ".png";
      publish_file(folder / name, png);
      entry[what] = name;
    };
    for (size_t view = 0; view < kViews.size(); ++view) {
      const auto& png = picture.*kViews[view].png;
      if (view < kNeededViews || !png.empty()) { save(kViews[view].name, png); }
    }
    list.push_back(std::move(entry));
  }
  return list;
}

/// nullopt where one of its files is not there or cannot be read.
std::optional<Picture> load_picture(const nlohmann::json& json, const std::filesystem::path& folder) {
  try {
    Picture picture;
    picture.class_name = json.at("class").get<std::string>();
    picture.video = json.at("video").get<std::string>();
    picture.sample = json.at("sample").get<int64_t>();
    for (size_t view = 0; view < kViews.size(); ++view) {
      const auto& name = kViews[view].name;
      const auto png = kViews[view].png;
      if (view >= kNeededViews && !json.contains(name)) { continue; }
      picture.*png = read_file(folder / json.at(name).get<std::string>());
    }
    return picture;
  } catch (const Error& error) {
    log::warn(std::string(error.what()) + "; the result is shown without this picture");
    return std::nullopt;
  }
}

Reconstruction decode(const nlohmann::json& json, const std::filesystem::path& run_dir) {
  Reconstruction result;
  result.split = json.at("split").get<std::string>();
  if (const auto& seen = json.at("seen_in_training"); !seen.is_null()) {
    result.seen_in_training = seen.get<int64_t>();
  }
  result.baseline_faces = json.at("baseline_faces").get<int64_t>();
  result.held_out = sums_from(json.at("held_out"));
  result.provenance = json.at("provenance");
  for (const auto& entry : json.at("classes")) { result.classes.push_back(class_from(entry)); }
  for (const auto& entry : json.at("pictures")) {
    if (auto picture = load_picture(entry, run_dir / kReconstructionFolder)) {
      result.pictures.push_back(std::move(*picture));
    }
  }
  return result;
}

/// Pictures of an earlier result, once nothing names them.
void remove_other_pictures(const nlohmann::json& listed, const std::filesystem::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : listed) {
    for (const auto& view : kViews) { names.insert(entry.value(view.name, "")); }
  }
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().extension() == ".png" && !names.contains(file.path().filename().string())) {
      std::filesystem::remove(file.path());
    }
  }
}

}  // namespace

ErrorSums& ErrorSums::operator+=(const ErrorSums& other) {
  frames += other.frames;
  patches += other.patches;
  model += other.model;
  train_mean += other.train_mean;
  neighbours += other.neighbours;
  return *this;
}

double Reconstruction::model_error() const { return per_patch(held_out.model, held_out.patches); }
double Reconstruction::train_mean_error() const { return per_patch(held_out.train_mean, held_out.patches); }
double Reconstruction::neighbours_error() const { return per_patch(held_out.neighbours, held_out.patches); }

double Reconstruction::ratio() const {
  const double better = std::min(train_mean_error(), neighbours_error());
  return better > 0 ? model_error() / better : kNaN;
}

std::vector<ClassResult> summarise(const SampleTable& table, const std::map<size_t, ErrorSums>& videos) {
  std::map<std::string, std::vector<double>> errors;
  std::map<std::string, int64_t> frames;
  for (const auto& [index, sums] : videos) {
    if (sums.patches == 0) { continue; }
    const auto& name = table.videos().at(index).class_name;
    errors[name].push_back(per_patch(sums.model, sums.patches));
    frames[name] += sums.frames;
  }
  std::vector<ClassResult> classes;
  for (const auto& [name, values] : errors) {
    const auto interval = mean_interval(values);
    const double auc = name.starts_with("fake") ? auc_of(errors["real"], values) : kNaN;
    classes.push_back(
        {name, static_cast<int64_t>(values.size()), frames[name], interval.mean, interval.low, interval.high, auc});
  }
  std::stable_sort(classes.begin(), classes.end(),
                   [](const ClassResult& a, const ClassResult& b) { return (a.name == "real") > (b.name == "real"); });
  std::erase_if(classes, [](const ClassResult& result) { return result.videos == 0; });
  return classes;
}

void save_reconstruction(const Reconstruction& result, const std::filesystem::path& run_dir) {
  make_folder(run_dir / kReconstructionFolder);
  nlohmann::json classes = nlohmann::json::array();
  for (const auto& entry : result.classes) { classes.push_back(to_json(entry)); }
  const nlohmann::json json = {
      {"schema", "realface.reconstruction"},
      {"version", kVersion},
      {"split", result.split},
      {"seen_in_training", result.seen_in_training ? nlohmann::json(*result.seen_in_training) : nlohmann::json()},
      {"baseline_faces", result.baseline_faces},
      {"held_out", to_json(result.held_out)},
      {"error", number_or_null(result.model_error())},
      {"train_mean_error", number_or_null(result.train_mean_error())},
      {"neighbours_error", number_or_null(result.neighbours_error())},
      {"ratio", number_or_null(result.ratio())},
      {"classes", std::move(classes)},
      {"pictures", save_pictures(result.pictures, run_dir / kReconstructionFolder)},
      {"provenance", result.provenance},
  };
  publish_file(run_dir / kReconstructionFile, json.dump(2) + "\n");
  remove_other_pictures(json.at("pictures"), run_dir / kReconstructionFolder);
}

Reconstruction load_reconstruction(const std::filesystem::path& run_dir) {
  const auto path = run_dir / kReconstructionFile;
  const auto json = nlohmann::json::parse(read_file(path), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || json.value("schema", "") != "realface.reconstruction" ||
      json.value("version", 0) != kVersion) {
    throw DataError("[" + path.string() + "] is not a result of `realface reconstruct` of version " +
                    std::to_string(kVersion) + "; run `realface reconstruct` again");
  }
  try {
    return decode(json, run_dir);
  } catch (const nlohmann::json::exception& error) {
    throw DataError("[" + path.string() + "] lacks what a reconstruction holds (" + error.what() +
                    "); run `realface reconstruct` again");
  }
}

}  // namespace realface::stages
