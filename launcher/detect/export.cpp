#include <ATen/ops/empty.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <opencv2/imgproc.hpp>
#include <string>

#include "base/error.h"
#include "data/synthesis/drawing/renderer.h"
#include "launcher/commands.h"
#include "launcher/detect/load.h"
#include "launcher/network_export.h"
#include "models/exporting/export.h"
#include "stages/detect/detector_file.h"
#include "stages/detect/model_card.h"
#include "stages/detect/person_scores.h"
#include "stages/evaluate/recipe.h"
#include "stages/evaluate/score_videos.h"

namespace realface::launcher {
namespace {

/// Nobody's faces: drawn ones, every second with another's features. u8 [count, image, image, 3].
torch::Tensor drawn_faces(int64_t count, int64_t image) {
  namespace drawing = data::synthesis;
  constexpr int kFilmed = 256;
  auto faces = at::empty({count, image, image, 3}, torch::kUInt8);
  for (int64_t i = 0; i < count; ++i) {
    const auto number = static_cast<uint64_t>(i);
    auto person = drawing::make_identity(0, number);
    if (i % 2 == 1) { person = drawing::swap_face(person, drawing::make_identity(0, number - 1)); }
    const drawing::Renderer film(person, kFilmed);
    const auto frame = film.render(drawing::pose_at(person, i), i).image;
    cv::Mat face(static_cast<int>(image), static_cast<int>(image), CV_8UC3, faces[i].data_ptr<uint8_t>());
    cv::resize(frame, face, face.size(), 0, 0, cv::INTER_AREA);
  }
  return faces;
}

void export_detector(const NetworkExport& options, distributed::World& world) {
  if (!options.network.empty()) {
    throw UsageError("[export] --network chooses what --to writes; a detector file holds all networks");
  }
  const auto config = evaluation_of(options.run);
  auto detector = load_detector(options.run, world);
  const auto& recipe = dynamic_cast<const stages::EvaluateRecipe&>(*config.recipe);
  detector.card = stages::model_card(detector, recipe.config(), evaluation_folder(options.run), world.host_group());
  const int64_t frames = std::max<int64_t>(8, stages::clip_of(detector.branches));
  detector.test_faces = drawn_faces(frames, detector.branches.front().image);
  detector.test_scores = stages::score_frames(detector.branches, detector.test_faces).p_fake;
  stages::write_detector(options.out, detector);
  std::cout << options.out << '\n';
}

void export_one(const NetworkExport& options) {
  distributed::WorldConfig config;
  config.device = "cpu";
  distributed::in_world(config, [&](auto& world) {
    if (world.size() > 1) { throw UsageError("[export] writes one file by itself; start it without mpirun"); }
    options.target.empty() ? export_detector(options, world) : export_network(options, world);
    return 0;
  });
}

std::string targets_text() {
  std::string text = "Instead, one trained network for another program, RUN being its stage's:";
  for (const auto& target : models::export_targets()) { text += "\n" + target.name + ": " + target.what; }
  return text;
}

}  // namespace

void add_export(CLI::App& app) {
  auto* command = app.add_subcommand(
      "export",
      "Make one file of a finished detector, for detect and calibrate, or of one network, for other programs");
  auto options = std::make_shared<NetworkExport>();
  command->add_option("RUN", options->run, "The run folder of a finished system, or of its evaluation")->required();
  command->add_option("--out", options->out, "The file to write, for example detector.safetensors")->required();
  command->add_option("--to", options->target, targets_text());
  command->add_option("--network", options->network, "With --to: which one, if the stage trained several");
  command->callback([options] { export_one(*options); });
}

}  // namespace realface::launcher
