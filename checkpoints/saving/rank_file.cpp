#include "checkpoints/saving/rank_file.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <map>

#include "base/crc32c.h"
#include "base/error.h"
#include "base/file.h"
#include "base/safetensors.h"
#include "base/tensor_dtypes.h"
#include "checkpoints/failpoint.h"
#include "checkpoints/saving/output_file.h"

namespace realface::checkpoints {
namespace {

std::vector<safetensors::TensorEntry> entries_of(const std::vector<HostPiece>& pieces) {
  std::vector<safetensors::TensorEntry> entries;
  entries.reserve(pieces.size());
  for (const auto& piece : pieces) {
    entries.push_back({piece.record.key(), piece.record.dtype, piece.record.shape, 0, 0});
  }
  return entries;
}

void write_tensor(OutputFile& file, const torch::Tensor& data) {
  const size_t bytes = data.nbytes();
  const auto* start = static_cast<const char*>(data.data_ptr());
  file.write(start, bytes / 2);
  failpoint("checkpoint.tensor");
  file.write(start + bytes / 2, bytes - bytes / 2);
}

void read_at(const std::filesystem::path& path, void* data, size_t size, uint64_t offset) {
  const auto file = open_file(path, O_RDONLY);
  if (!file) { throw CheckpointError(subject_of(path) + " cannot be opened: " + std::strerror(errno)); }
  const auto [bytes, error] = read_exactly(file, offset, data, size);
  if (error != 0) { throw CheckpointError(subject_of(path) + " cannot be read: " + std::strerror(error)); }
  if (bytes < size) {
    throw CheckpointError(subject_of(path) + " ends too early; the file was cut short, use another checkpoint");
  }
}

}  // namespace

RankReport write_rank_file(const std::filesystem::path& folder, int rank, const std::vector<HostPiece>& pieces) {
  std::map<std::string, const HostPiece*> by_key;
  for (const auto& piece : pieces) { by_key[piece.record.key()] = &piece; }
  auto entries = entries_of(pieces);
  const std::string header = safetensors::encode_header(entries, {{"format", "pt"}});

  const auto path = folder / rank_file_name(rank);
  OutputFile file(path);
  failpoint("checkpoint.opened");
  file.write(header.data(), header.size());
  failpoint("checkpoint.header");
  RankReport report;
  for (const auto& entry : entries) {
    const auto& piece = *by_key.at(entry.name);
    auto record = piece.record;
    record.file = static_cast<size_t>(rank);
    record.begin = header.size() + entry.begin;
    record.end = header.size() + entry.end;
    record.crc32c = crc32c(piece.data.data_ptr(), piece.data.nbytes());
    write_tensor(file, piece.data);
    report.pieces.push_back(std::move(record));
  }
  failpoint("checkpoint.written");
  file.sync();
  failpoint("checkpoint.synced");
  report.file = {rank_file_name(rank), file.bytes(), file.crc32c()};
  return report;
}

torch::Tensor read_piece(const std::filesystem::path& folder, const Manifest& manifest, const PieceRecord& piece) {
  const auto path = folder / manifest.files[piece.file].name;
  auto data = at::empty(piece.shape, torch::TensorOptions().dtype(dtype_of(piece.dtype)));
  read_at(path, data.data_ptr(), data.nbytes(), piece.begin);
  if (crc32c(data.data_ptr(), data.nbytes()) != piece.crc32c) {
    throw CheckpointError(subject_of(path) + " tensor " + piece.key() +
                          " does not match its checksum; the file is damaged, use another checkpoint");
  }
  return data;
}

}  // namespace realface::checkpoints
