#include "models/weights/torch_save/zip.h"

#include <fmt/format.h>

#include <algorithm>

namespace realface::models::torch_save {
namespace {

constexpr uint64_t kEndSize = 22, kLocatorSize = 20, kLongestComment = 65535;
constexpr uint64_t kCentralSize = 46, kLocalSize = 30;
constexpr uint64_t kFull32 = 0xFFFFFFFF;  // the number is in zip64's fields

bool has_mark(const Bytes& file, uint64_t place, std::string_view mark) {
  return place + mark.size() <= file.size() && file.piece(place, mark.size()) == mark;
}

void require_mark(const Bytes& file, uint64_t place, std::string_view mark, const char* what) {
  if (file.piece(place, mark.size()) != mark) {
    file.refuse(place, fmt::format("expected {} of a zip archive; the file is damaged", what));
  }
}

struct Directory {
  uint64_t begin = 0, entries = 0;
};

uint64_t find_end(const Bytes& file) {
  const uint64_t farthest = std::min(file.size(), kEndSize + kLongestComment);
  for (uint64_t back = kEndSize; back <= farthest; ++back) {
    if (has_mark(file, file.size() - back, "PK\x05\x06")) { return file.size() - back; }
  }
  file.refuse(file.size(), "the zip archive has no central directory; the file was cut short");
}

Directory find_directory(const Bytes& file) {
  const uint64_t end = find_end(file);
  if (end < kLocatorSize || !has_mark(file, end - kLocatorSize, "PK\x06\x07")) {
    return {file.number(end + 16, 4), file.number(end + 10, 2)};
  }
  const uint64_t place = file.number(end - kLocatorSize + 8, 8);
  require_mark(file, place, "PK\x06\x06", "the zip64 directory's end");
  return {file.number(place + 48, 8), file.number(place + 32, 8)};
}

/// An entry of the central directory.
struct Header {
  std::string name;
  uint64_t stored = 0, size = 0, local = 0, next = 0;
};

/// Puts zip64's numbers in the place of those that are full.
void widen(const Bytes& file, uint64_t extra, uint64_t extra_size, Header& header) {
  const uint64_t end = extra + extra_size;
  for (uint64_t at = extra; at + 4 <= end;) {
    const uint64_t id = file.number(at, 2), size = file.number(at + 2, 2);
    uint64_t place = at + 4;
    at = place + size;
    if (id != 1) { continue; }
    for (uint64_t* field : {&header.size, &header.stored, &header.local}) {
      if (*field != kFull32) { continue; }
      if (place + 8 > std::min(at, end)) { file.refuse(place, "the zip64 sizes of '" + header.name + "' are missing"); }
      *field = file.number(place, 8);
      place += 8;
    }
  }
}

Header read_header(const Bytes& file, uint64_t at) {
  constexpr uint64_t kEncrypted = 1;
  require_mark(file, at, "PK\x01\x02", "an entry of the directory");
  const uint64_t name_size = file.number(at + 28, 2), extra_size = file.number(at + 30, 2);
  Header header;
  header.name = file.piece(at + kCentralSize, name_size);
  header.stored = file.number(at + 20, 4), header.size = file.number(at + 24, 4),
  header.local = file.number(at + 42, 4);
  header.next = at + kCentralSize + name_size + extra_size + file.number(at + 32, 2);
  widen(file, at + kCentralSize + name_size, extra_size, header);
  const bool encrypted = (file.number(at + 8, 2) & kEncrypted) != 0;
  if (file.number(at + 10, 2) != 0 || encrypted || header.stored != header.size) {
    file.refuse(at, fmt::format("entry '{}' is {}; torch.save stores entries as they are: write the file with it again",
                                header.name, encrypted ? "encrypted" : "compressed"));
  }
  return header;
}

/// The entry's bytes lie behind a header of its own, whose name and extra field have lengths of their own.
Place find_data(const Bytes& file, const Header& header) {
  require_mark(file, header.local, "PK\x03\x04", "the entry's own header");
  const uint64_t name_size = file.number(header.local + 26, 2), extra_size = file.number(header.local + 28, 2);
  if (file.piece(header.local + kLocalSize, name_size) != header.name) {
    file.refuse(header.local, "the entry has another name than '" + header.name + "', which the directory has");
  }
  const Place place{header.local + kLocalSize + name_size + extra_size, header.size};
  file.piece(place.begin, place.size);
  return place;
}

}  // namespace

std::map<std::string, Place, std::less<>> zip_entries(const Bytes& file) {
  const auto directory = find_directory(file);
  std::map<std::string, Place, std::less<>> entries;
  uint64_t at = directory.begin;
  for (uint64_t i = 0; i < directory.entries; ++i) {
    const auto header = read_header(file, at);
    if (!entries.emplace(header.name, find_data(file, header)).second) {
      file.refuse(at, "there are two entries '" + header.name + "'; the file is not to be trusted");
    }
    at = header.next;
  }
  return entries;
}

}  // namespace realface::models::torch_save
