#include "data/importers/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <cctype>
#include <memory>

#include "base/error.h"

namespace realface::data {
namespace fs = std::filesystem;
namespace {

constexpr size_t kBlock = 128 * 1024;  // what one read asks of the disk

class Reader {
 public:
  explicit Reader(const fs::path& path) : path_(path), handle_(archive_read_new(), &archive_read_free) {
    if (!handle_) { throw Error("[" + path_.string() + "] cannot be read: out of memory"); }
    archive_read_support_format_tar(handle_.get());
    // One by one: "all" would also run whatever programs of the system claim to know a format.
    archive_read_support_filter_gzip(handle_.get());
    archive_read_support_filter_bzip2(handle_.get());
    archive_read_support_filter_xz(handle_.get());
    archive_read_support_filter_zstd(handle_.get());
    if (archive_read_open_filename(handle_.get(), path_.c_str(), kBlock) != ARCHIVE_OK) { fail(); }
  }

  /// The next file; false at the end.
  bool next(ArchiveEntry& entry) {
    for (;;) {
      archive_entry* header = nullptr;
      const int status = archive_read_next_header(handle_.get(), &header);
      if (status == ARCHIVE_EOF) { return false; }
      // A header whose checksum is wrong is called "retry": the entry would be passed over without a word.
      if (status != ARCHIVE_OK && status != ARCHIVE_WARN) { fail(); }
      if (archive_entry_filetype(header) != AE_IFREG || archive_entry_hardlink(header) != nullptr) { continue; }
      entry.name = name_of(header);
      entry.bytes = archive_entry_size(header);
      return true;
    }
  }

  /// The bytes of the file that `next` gave. Grown block by block: a header may claim any size.
  std::vector<uint8_t> bytes(const ArchiveEntry& entry) {
    std::vector<uint8_t> all;
    for (;;) {
      const size_t had = all.size();
      all.resize(had + std::clamp<size_t>(static_cast<size_t>(entry.bytes) - had, 1, kBlock));
      const la_ssize_t got = archive_read_data(handle_.get(), all.data() + had, all.size() - had);
      if (got < 0) { fail(); }
      all.resize(had + static_cast<size_t>(got));
      if (got == 0) { return all; }
    }
  }

 private:
  // A name beyond the locale's letters is not given in them; the archive's UTF-8 then is.
  std::string name_of(archive_entry* header) const {
    const char* name = archive_entry_pathname(header);
    if (name == nullptr) { name = archive_entry_pathname_utf8(header); }
    if (name == nullptr) {
      throw DataError("[" + path_.string() +
                      "] holds a file whose name cannot be read; pack it again with plain names");
    }
    std::string text = name;
    while (text.starts_with("./")) { text.erase(0, 2); }
    return text;
  }

  [[noreturn]] void fail() const {
    const char* why = archive_error_string(handle_.get());
    std::string message = "[" + path_.string() + "] is not a whole archive: ";
    message += why == nullptr ? "it cannot be read" : why;
    message += "; expected a tar, plain or compressed by gzip, bzip2, xz or zstd; fetch it again";
    throw DataError(message);
  }

  fs::path path_;
  std::unique_ptr<archive, decltype(&archive_read_free)> handle_;
};

}  // namespace

bool is_archive_name(const fs::path& path) {
  std::string name = path.filename().string();
  for (char& letter : name) { letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter))); }
  return std::ranges::any_of(std::vector<std::string>{".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst"},
                             [&name](const std::string& end) { return name.ends_with(end); });
}

std::vector<ArchiveEntry> list_archive(const fs::path& path) {
  std::vector<ArchiveEntry> entries;
  Reader reader(path);
  for (ArchiveEntry entry; reader.next(entry);) { entries.push_back(entry); }
  return entries;
}

void read_archive(const fs::path& path, const std::function<bool(const ArchiveEntry&)>& wanted,
                  const std::function<void(const ArchiveEntry&, std::vector<uint8_t>&&)>& take) {
  Reader reader(path);
  for (ArchiveEntry entry; reader.next(entry);) {
    if (wanted(entry)) { take(entry, reader.bytes(entry)); }
  }
}

}  // namespace realface::data
