#include "checkpoints/verify.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/crc32c.h"
#include "base/error.h"
#include "checkpoints/format/folder.h"

namespace realface::checkpoints {
namespace fs = std::filesystem;
namespace {

constexpr size_t kBuffer = 1 << 20;

std::string checksum_fault(const fs::path& path, const FileRecord& file, const std::function<void(uint64_t)>& checked) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) { return subject_of(path) + " cannot be opened: " + std::strerror(errno); }
  std::vector<char> buffer(kBuffer);
  uint32_t crc = 0;
  while (stream) {
    stream.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    const auto count = static_cast<size_t>(stream.gcount());
    crc = crc32c(buffer.data(), count, crc);
    if (checked && count > 0) { checked(count); }
  }
  if (stream.bad()) { return subject_of(path) + " could not be read to its end"; }
  return crc == file.crc32c ? "" : subject_of(path) + " does not match its checksum; its bytes were changed";
}

}  // namespace

std::string file_fault(const fs::path& folder, const FileRecord& file, const std::function<void(uint64_t)>& checked) {
  const fs::path path = folder / file.name;
  std::error_code error;
  const auto bytes = fs::file_size(path, error);
  if (error == std::errc::no_such_file_or_directory) { return subject_of(path) + " is missing"; }
  if (error) { return subject_of(path) + " cannot be looked at: " + error.message(); }
  if (bytes != file.bytes) {
    return subject_of(path) + " has " + std::to_string(bytes) + " bytes; " + std::to_string(file.bytes) +
           " were written";
  }
  return checksum_fault(path, file, checked);
}

std::vector<std::string> folder_faults(const fs::path& folder, const std::function<void(uint64_t)>& checked) {
  std::vector<std::string> faults;
  try {
    for (const auto& file : read_manifest(folder).files) {
      auto fault = file_fault(folder, file, checked);
      if (!fault.empty()) { faults.push_back(std::move(fault)); }
    }
  } catch (const Error& error) { faults.emplace_back(error.what()); }
  return faults;
}

std::vector<fs::path> checkpoint_folders(const fs::path& path) {
  if (fs::exists(path / kManifestName) || step_of(fs::absolute(path).lexically_normal().filename().string()) >= 0) {
    return {path};
  }
  std::vector<fs::path> folders;
  const Folder run(path);
  for (const int64_t step : run.steps()) { folders.push_back(run.step(step)); }
  if (folders.empty()) {
    throw CheckpointError(subject_of(path) +
                          " holds no checkpoint; name a folder step-N with a manifest.json, or the folder of a run");
  }
  return folders;
}

std::vector<std::string> verify_checkpoint(const fs::path& path, const VerifyProgress& progress) {
  const auto folders = checkpoint_folders(path);
  uint64_t total = 0;
  for (const auto& folder : folders) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.is_regular_file()) { total += entry.file_size(); }
    }
  }
  uint64_t done = 0;
  std::vector<std::string> faults;
  for (const auto& folder : folders) {
    const auto found = folder_faults(folder, [&](uint64_t bytes) {
      done += bytes;
      if (progress) { progress(done, total); }
    });
    faults.insert(faults.end(), found.begin(), found.end());
  }
  if (progress) { progress(total, total); }
  return faults;
}

}  // namespace realface::checkpoints
