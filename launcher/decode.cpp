#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "base/error.h"
#include "data/preprocess/video/decoder.h"
#include "launcher/commands.h"

namespace realface::launcher {

void add_decode(CLI::App& app) {
  auto* command = app.add_subcommand("decode", "Decode what preprocess asks for on the socket that is its stdin");
  command->group("");  // not in --help: only preprocess starts it
  command->callback([] {
    if (isatty(STDIN_FILENO) != 0) {
      throw UsageError("[decode] is started by `realface preprocess`, with a socket as its stdin; there is none");
    }
    data::preprocess::serve_decoder(STDIN_FILENO);
  });
}

}  // namespace realface::launcher
