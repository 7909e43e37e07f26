#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "data/synthesis/dataset.h"
#include "launcher/commands.h"

namespace realface::launcher {
namespace {

using data::synthesis::SynthConfig;

/// What CLI11 fills; methods are checked when they are turned into SynthConfig.
struct SynthOptions {
  SynthConfig config;
  std::string out;
  std::string level = "easy";
  std::vector<std::string> methods;
};

void synth(SynthOptions& options) {
  options.config.out = options.out;
  options.config.level = data::synthesis::level_of(options.level);
  options.config.methods.clear();
  for (const std::string& name : options.methods) {
    options.config.methods.push_back(data::synthesis::method_of(name));
  }
  const auto start = std::chrono::steady_clock::now();
  const data::synthesis::SynthResult result = data::synthesis::write_dataset(options.config);
  if (!result.written) { return; }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  char line[160];
  std::snprintf(line, sizeof(line), "[synth] %lld real and %lld fake videos of %lld frames in %.1f s: ",
                static_cast<long long>(result.reals), static_cast<long long>(result.fakes),
                static_cast<long long>(options.config.frames), seconds);
  log::info(line + options.out);
}

}  // namespace

void add_synth(CLI::App& app) {
  auto options = std::make_shared<SynthOptions>();
  CLI::App* command = app.add_subcommand("synth", "Write a dataset of procedural talking faces and their forgeries");
  SynthConfig& config = options->config;
  command->add_option("--out", options->out, "Folder to write, in the layout of FaceForensics++")->required();
  command->add_option("--identities", config.identities, "People, an even number of at least 6")->capture_default_str();
  command->add_option("--held-out", config.held_out, "People of the test split, an even number; 0: 14 of 100")
      ->capture_default_str();
  command->add_option("--seed", config.seed, "The same seed gives the same files")->capture_default_str();
  command->add_option("--frames", config.frames, "Frames of each video, 25 a second")->capture_default_str();
  command->add_option("--size", config.size, "Width and height in pixels")->capture_default_str();
  const std::vector<std::pair<std::string, SynthConfig::Fakes>> fakes = {
      {"all", SynthConfig::Fakes::all}, {"test", SynthConfig::Fakes::test}, {"none", SynthConfig::Fakes::none}};
  command->add_option("--fakes", config.fakes, "Whose videos are also forged: all, test (that split alone) or none")
      ->transform(CLI::CheckedTransformer(fakes))
      ->default_str("all");
  command
      ->add_option("--level", options->level,
                   "easy, or hard: hidden traces in videos that are all processed, two more manipulations")
      ->capture_default_str();
  command->add_option("--methods", options->methods,
                      "Of Deepfakes, Face2Face, FaceSwap, NeuralTextures, and with --level hard of FaceShifter and "
                      "LipSync; all of the level unless given");
  command->add_option("--threads", config.threads, "0: one a core")->capture_default_str();
  command->callback([options] { synth(*options); });
}

}  // namespace realface::launcher
