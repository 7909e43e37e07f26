#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "base/sha256.h"
#include "launcher/commands.h"
#include "launcher/licence.h"
#include "models/importing/import.h"

namespace realface::launcher {
namespace {

struct ImportCommand {
  std::string path, out;
  models::ImportOptions options;
  std::vector<int64_t> inflate;
};

void import_file(const ImportCommand& command) {
  auto options = command.options;
  if (!command.inflate.empty()) {
    options.inflate_frames = command.inflate[0], options.inflate_tubelet = command.inflate[1];
  }
  auto imported = models::import_weights(models::read_tensor_file(command.path), command.path, options);
  auto& metadata = imported.file.metadata;
  metadata["format"] = "pt";
  metadata["imported_as"] = options.kind;
  metadata["imported_from"] = fmt::format("{}, SHA-256 {}", std::filesystem::path(command.path).filename().string(),
                                          hex(sha256_file(command.path)));
  models::write_tensor_file(command.out, imported.file);
  std::cout << fmt::format("imported      {} tensors as {}\n", imported.file.tensors.size(), options.kind);
  for (const auto& note : imported.notes) { std::cout << note << '\n'; }
  std::cout << licence_line(imported.licence) << command.out << '\n';
}

std::string kinds_text() {
  std::string text = "What the file holds:";
  for (const auto& kind : models::import_kinds()) { text += fmt::format("\n{}: {}", kind.name, kind.what); }
  return text;
}

void add_sizes(CLI::App& command, models::ImportOptions& options) {
  const auto size = [&](const char* name, int64_t& value, const char* text) {
    return command.add_option(name, value, text)->check(CLI::Range(int64_t{1}, int64_t{8192}));
  };
  auto* grid = size("--grid", options.grid, "Interpolate position tables for so many patches a side");
  size("--image", options.image, "Likewise, for pictures of this side; of clips only their side")->excludes(grid);
  size("--frames", options.frames, "Of clips: how many (default: 16)");
  size("--heads", options.heads, "Of attention, if the size is none of the published ones");
  size("--decoder-heads", options.decoder_heads, "Likewise, of the decoder");
  command.add_flag("--norm-pix", options.norm_pix, "The autoencoder was trained on normalised patches");
}

}  // namespace

void add_import(CLI::App& app) {
  auto* command = app.add_subcommand("import", "Make a file of weights out of another program's (docs/weights.md)");
  auto import = std::make_shared<ImportCommand>();
  auto& options = import->options;
  command->add_option("FILE", import->path, "A safetensors file, or one of torch.save (.pth, .pt, .tar)")->required();
  command->add_option("--as", options.kind, kinds_text())->required();
  command->add_option("--out", import->out, "The safetensors file to write")->required();
  add_sizes(*command, options);
  command->add_option("--inflate", import->inflate, "FRAMES,TUBELET: make a network of clips of one of pictures")
      ->delimiter(',')
      ->expected(2)
      ->check(CLI::Range(1, 1024));
  command->add_option("--licence", options.licence, "Of the weights, if it is another than the kind's");
  command->add_option("--allow-missing", options.allow_missing,
                      "Tensors that may be missing, or what their names begin with");
  command->add_option("--allow-unexpected", options.allow_unexpected, "Tensors to leave out, likewise");
  command->callback([import] { import_file(*import); });
}

}  // namespace realface::launcher
