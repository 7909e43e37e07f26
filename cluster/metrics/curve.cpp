#include "cluster/metrics/curve.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/file.h"

namespace realface::cluster {
namespace {

using Json = nlohmann::json;

[[noreturn]] void fail(const std::filesystem::path& path, const char* what, int code) {
  std::string text(1, '[');
  text.append(path.string()).append("] ").append(what).append(": ").append(std::strerror(code));
  throw Error(text);
}

/// -1 for a line that is not one of ours.
int64_t step_of(const std::string& line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object() || !json.contains("step") || !json["step"].is_number_integer()) { return -1; }
  return json["step"].get<int64_t>();
}

}  // namespace

Curve::Curve(std::filesystem::path path) : path_(std::move(path)) { cut_after(std::numeric_limits<int64_t>::max()); }

void Curve::scan(int64_t step) {
  bytes_ = 0;
  last_step_ = -1;
  std::ifstream file(path_, std::ios::binary);
  std::string line;
  while (std::getline(file, line) && !file.eof()) {  // at eof: no newline, so the line was not finished
    const int64_t found = step_of(line);
    if (found > step) { return; }
    bytes_ += line.size() + 1;
    last_step_ = std::max(last_step_, found);
  }
}

void Curve::truncate() const {
  if (::truncate(path_.c_str(), static_cast<off_t>(bytes_)) != 0 && errno != ENOENT) {
    fail(path_, "cannot be cut to the step resumed from", errno);
  }
}

void Curve::cut_after(int64_t step) {
  scan(step);
  truncate();
}

void Curve::append(const Json& line) {
  const auto step = line.at("step").get<int64_t>();
  if (step <= last_step_) { cut_after(step - 1); }
  const std::string text = line.dump() + '\n';
  const auto file = open_file(path_, O_WRONLY | O_CREAT | O_APPEND);
  if (!file) { fail(path_, "cannot be opened for writing", errno); }
  const ssize_t written = ::write(file.number(), text.data(), text.size());
  const int code = written < 0 ? errno : ENOSPC;
  if (written != static_cast<ssize_t>(text.size())) {
    truncate();
    fail(path_, "cannot be written", code);
  }
  bytes_ += text.size();
  last_step_ = step;
}

}  // namespace realface::cluster
