#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// The header of a safetensors file (README of huggingface/safetensors): a little-endian u64 N, N bytes of JSON, then
/// the tensors' bytes, row-major and without holes. Here are bytes only; who has tensors writes and reads the rest.
namespace realface::safetensors {

/// One tensor of a file. `begin` and `end` count from the first byte after the header.
struct TensorEntry {
  std::string name;
  std::string dtype;  // F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL
  std::vector<int64_t> shape;
  uint64_t begin = 0, end = 0;

  uint64_t bytes() const { return end - begin; }
};

using Metadata = std::map<std::string, std::string>;

struct ParsedHeader {
  std::vector<TensorEntry> tensors;  // in the order of their bytes
  Metadata metadata;
  uint64_t data_begin = 0;  // file offset of the first tensor's byte
};

inline constexpr uint64_t kMaxHeaderBytes = 100'000'000;

/// Bytes of one element. Throws Error for a dtype that is not one of the ten.
uint64_t element_bytes(const std::string& dtype);

/// Sorts the tensors by descending element size, then name, gives each its place (so `begin` and `end` of the input do
/// not matter) and returns the file's first bytes: length, JSON, spaces up to a multiple of 8. Every tensor is then
/// aligned to its element. Throws Error for an unknown dtype, a negative dimension, a name used twice or
/// "__metadata__".
std::string encode_header(std::vector<TensorEntry>& tensors, const Metadata& metadata = {});

/// Bytes of the file that `parse_header` needs, from its first eight. Throws Error where `start` is shorter or the
/// length is impossible for a file of `file_size` bytes.
uint64_t header_bytes(std::string_view start, uint64_t file_size, const std::string& subject = "safetensors");

/// Reads the header from `start`, the first `header_bytes` (or more) of a file of `file_size` bytes. Throws Error,
/// naming `subject`, unless all of it holds: the JSON is an object without repeated keys; dtypes are known; places
/// match shapes; the tensors fill the file without overlap, hole or rest.
ParsedHeader parse_header(std::string_view start, uint64_t file_size, const std::string& subject = "safetensors");

}  // namespace realface::safetensors
