#include "tests/data/importers/archive_files.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string_view>

namespace realface::data {
namespace {

constexpr size_t kBlock = 512;

void check(int status, archive* handle) {
  if (status != ARCHIVE_OK) { throw std::runtime_error(archive_error_string(handle)); }
}

void put(std::string& header, size_t at, std::string_view text) {
  std::ranges::copy(text, header.begin() + static_cast<std::ptrdiff_t>(at));
}

std::string octal(size_t number, size_t digits) {
  std::string text(digits, '0');
  for (size_t i = digits; i > 0 && number > 0; --i, number /= 8) { text[i - 1] = static_cast<char>('0' + number % 8); }
  return text;
}

}  // namespace

void write_archive(const std::filesystem::path& path, const ArchiveFiles& files, const std::string& filter) {
  std::filesystem::create_directories(path.parent_path());
  const std::unique_ptr<archive, decltype(&archive_write_free)> handle(archive_write_new(), &archive_write_free);
  check(archive_write_set_format_pax_restricted(handle.get()), handle.get());
  if (filter != "none") { check(archive_write_add_filter_by_name(handle.get(), filter.c_str()), handle.get()); }
  check(archive_write_open_filename(handle.get(), path.c_str()), handle.get());
  for (const auto& [name, bytes] : files) {
    const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(), &archive_entry_free);
    archive_entry_set_pathname(entry.get(), name.c_str());
    archive_entry_set_filetype(entry.get(), name.ends_with("/") ? AE_IFDIR : AE_IFREG);
    archive_entry_set_perm(entry.get(), 0644);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(bytes.size()));
    check(archive_write_header(handle.get(), entry.get()), handle.get());
    archive_write_data(handle.get(), bytes.data(), bytes.size());
  }
  check(archive_write_close(handle.get()), handle.get());
}

std::string plain_tar(const ArchiveFiles& files) {
  std::string tar;
  for (const auto& [name, bytes] : files) {
    std::string header(kBlock, '\0');
    put(header, 0, name);
    put(header, 100, octal(0644, 7));
    put(header, 108, octal(0, 7));
    put(header, 116, octal(0, 7));
    put(header, 124, octal(bytes.size(), 11));
    put(header, 136, octal(0, 11));
    put(header, 148, std::string(8, ' '));
    header[156] = name.ends_with("/") ? '5' : '0';
    put(header, 257, "ustar");
    put(header, 263, "00");
    size_t sum = 0;
    for (const char byte : header) { sum += static_cast<unsigned char>(byte); }
    put(header, 148, octal(sum, 6));
    put(header, 154, std::string_view("\0 ", 2));
    tar.append(header).append(bytes);
    tar.resize((tar.size() + kBlock - 1) / kBlock * kBlock, '\0');
  }
  return tar + std::string(2 * kBlock, '\0');
}

}  // namespace realface::data
