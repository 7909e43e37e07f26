#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace realface {

/// What the process returns; published in the README, so that schedulers can act on it.
enum class ExitCode : int { done = 0, failure = 1, usage = 64, requeue = 75, config = 78, no_progress = 93 };

/// Every error that realface raises on purpose. The message names the subject in brackets first ("[data] ..."), then
/// what was found, what was expected and what to do. Only launcher/ turns it into text and an exit code.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message, ExitCode code = ExitCode::failure)
      : std::runtime_error(message), code_(code) {}
  ExitCode exit_code() const { return code_; }

 private:
  ExitCode code_;
};

/// A configuration that cannot be run; the message lists every fault at once.
class ConfigError : public Error {
 public:
  explicit ConfigError(const std::string& message) : Error(message, ExitCode::config) {}
};

/// A command line that cannot be understood.
class UsageError : public Error {
 public:
  explicit UsageError(const std::string& message) : Error(message, ExitCode::usage) {}
};

/// A dataset, shard or video that is missing, damaged or of another kind than expected.
class DataError : public Error {
 public:
  using Error::Error;
};

/// A checkpoint that is missing, damaged or of another model.
class CheckpointError : public Error {
 public:
  using Error::Error;
};

/// "[path]": how a message names the file or folder that it is about.
std::string subject_of(const std::filesystem::path& path);

/// The valid word nearest to `word` by edit distance, or "" when none is near: for "did you mean".
std::string nearest(const std::string& word, const std::vector<std::string>& valid);

}  // namespace realface
