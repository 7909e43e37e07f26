#include "base/safetensors.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "base/error.h"
#include "base/tensor_dtypes.h"

namespace realface::safetensors {
namespace {

using Json = nlohmann::json;

constexpr const char* kMetadataKey = "__metadata__";

[[noreturn]] void fail(const std::string& subject, const std::string& message) {
  throw Error("[" + subject + "] " + message);
}

/// Elements times element size; fails where the product does not fit.
uint64_t checked_bytes(const TensorEntry& tensor, const std::string& subject) {
  uint64_t bytes = element_bytes(tensor.dtype);
  for (const int64_t dimension : tensor.shape) {
    if (dimension < 0) { fail(subject, "tensor '" + tensor.name + "' has a negative dimension"); }
    if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(dimension), &bytes)) {
      fail(subject, "tensor '" + tensor.name + "' is larger than a file can be; the header is damaged");
    }
  }
  return bytes;
}

/// nlohmann keeps the last of two equal keys, and safetensors forbids them (a reader's choice would decide what the
/// file holds), so the parser's events are watched. Nesting counts: keys are compared within one object.
Json parse_without_repeats(std::string_view text, const std::string& subject) {
  std::vector<std::set<std::string>> open;
  const auto watch = [&](int, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) { open.emplace_back(); }
    if (event == Json::parse_event_t::object_end) { open.pop_back(); }
    if (event == Json::parse_event_t::key && !open.back().insert(value.get<std::string>()).second) {
      fail(subject, "the header names '" + value.get<std::string>() + "' twice; the file is not to be trusted");
    }
    return true;
  };
  try {
    return Json::parse(text, watch);
  } catch (const Json::exception& error) {
    fail(subject, std::string("the header is not JSON (") + error.what() + "); the file is damaged");
  }
}

Metadata parse_metadata(const Json& value, const std::string& subject) {
  Metadata metadata;
  if (!value.is_object()) { fail(subject, "__metadata__ is not an object of strings"); }
  for (const auto& [key, text] : value.items()) {
    if (!text.is_string()) { fail(subject, "__metadata__ holds '" + key + "', which is not a string"); }
    metadata[key] = text.get<std::string>();
  }
  return metadata;
}

TensorEntry parse_entry(const std::string& name, const Json& value, const std::string& subject) {
  const auto whole_numbers = [](const Json& list) {
    return list.is_array() && std::all_of(list.begin(), list.end(), [](const Json& n) {
             return n.is_number_unsigned() && n.get<uint64_t>() <= uint64_t{INT64_MAX};
           });
  };
  const bool well_formed = value.is_object() && value.size() == 3 && value.contains("dtype") &&
                           value["dtype"].is_string() && value.contains("shape") && whole_numbers(value["shape"]) &&
                           value.contains("data_offsets") && whole_numbers(value["data_offsets"]) &&
                           value["data_offsets"].size() == 2;
  if (!well_formed) {
    fail(subject, "tensor '" + name + "' is not described by dtype, shape and two data_offsets; the file is damaged");
  }
  TensorEntry entry{name, value["dtype"].get<std::string>(), value["shape"].get<std::vector<int64_t>>(),
                    value["data_offsets"][0].get<uint64_t>(), value["data_offsets"][1].get<uint64_t>()};
  if (entry.end < entry.begin || entry.bytes() != checked_bytes(entry, subject)) {
    fail(subject, "tensor '" + name + "' lies at bytes " + std::to_string(entry.begin) + " to " +
                      std::to_string(entry.end) + ", which is not the size of its shape; the file is damaged");
  }
  return entry;
}

void check_contiguous(const std::vector<TensorEntry>& tensors, uint64_t data_size, const std::string& subject) {
  uint64_t next = 0;
  for (const TensorEntry& tensor : tensors) {
    if (tensor.begin != next) {
      fail(subject, "tensor '" + tensor.name + "' begins at byte " + std::to_string(tensor.begin) + " instead of " +
                        std::to_string(next) + ": an overlap or a hole; the file is damaged");
    }
    next = tensor.end;
  }
  if (next != data_size) {
    fail(subject, "the tensors end at byte " + std::to_string(next) + " of " + std::to_string(data_size) +
                      " bytes after the header; the file was cut short or grew");
  }
}

}  // namespace

uint64_t element_bytes(const std::string& dtype) { return c10::elementSize(dtype_of(dtype)); }

std::string encode_header(std::vector<TensorEntry>& tensors, const Metadata& metadata) {
  std::sort(tensors.begin(), tensors.end(), [](const TensorEntry& a, const TensorEntry& b) {
    const uint64_t size_a = element_bytes(a.dtype);
    const uint64_t size_b = element_bytes(b.dtype);
    return size_a != size_b ? size_a > size_b : a.name < b.name;
  });
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) { header[kMetadataKey] = metadata; }
  std::set<std::string> names = {kMetadataKey};
  uint64_t next = 0;
  for (TensorEntry& tensor : tensors) {
    if (!names.insert(tensor.name).second) {
      fail("safetensors", "cannot write two tensors named '" + tensor.name + "'");
    }
    tensor.begin = next;
    tensor.end = next + checked_bytes(tensor, "safetensors");
    next = tensor.end;
    header[tensor.name] = {{"dtype", tensor.dtype}, {"shape", tensor.shape}, {"data_offsets", {tensor.begin, next}}};
  }
  std::string json = header.dump();
  json.append((8 - json.size() % 8) % 8, ' ');
  std::string bytes(8, '\0');
  for (size_t i = 0; i < 8; ++i) { bytes[i] = static_cast<char>((json.size() >> (8 * i)) & 0xFF); }
  return bytes + json;
}

uint64_t header_bytes(std::string_view start, uint64_t file_size, const std::string& subject) {
  if (start.size() < 8) { fail(subject, "the file has fewer than 8 bytes; it was cut short"); }
  uint64_t length = 0;
  for (size_t i = 0; i < 8; ++i) { length |= uint64_t{static_cast<uint8_t>(start[i])} << (8 * i); }
  if (length > kMaxHeaderBytes || length + 8 > file_size) {
    fail(subject, "a header of " + std::to_string(length) + " bytes in a file of " + std::to_string(file_size) +
                      "; it was cut short, or it is no safetensors file");
  }
  return length + 8;
}

ParsedHeader parse_header(std::string_view start, uint64_t file_size, const std::string& subject) {
  ParsedHeader header;
  header.data_begin = header_bytes(start, file_size, subject);
  if (start.size() < header.data_begin) { fail(subject, "the header is incomplete; the file was cut short"); }
  const std::string_view text = start.substr(8, header.data_begin - 8);
  if (text.empty() || text.front() != '{') { fail(subject, "the header does not begin with '{'; no safetensors file"); }
  const Json json = parse_without_repeats(text, subject);
  for (const auto& [name, value] : json.items()) {
    if (name == kMetadataKey) {
      header.metadata = parse_metadata(value, subject);
    } else {
      header.tensors.push_back(parse_entry(name, value, subject));
    }
  }
  // Empty tensors share their place with the one that follows them, so the end decides too.
  std::sort(header.tensors.begin(), header.tensors.end(), [](const TensorEntry& a, const TensorEntry& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  check_contiguous(header.tensors, file_size - header.data_begin, subject);
  return header;
}

}  // namespace realface::safetensors
