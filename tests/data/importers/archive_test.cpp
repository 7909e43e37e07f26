#include "data/importers/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "tests/data/importers/archive_files.h"
#include "tests/temporary_folder.h"

namespace realface::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Bytes without a pattern that a codec could shorten much.
std::string noise(size_t size) {
  std::string bytes(size, '\0');
  uint32_t state = 1;
  for (char& byte : bytes) { byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24); }
  return bytes;
}

const ArchiveFiles kFiles = {
    {"./3/", ""}, {"./3/real/0/1.png", "one"}, {"./3/real/0/2.png", noise(300'000)}, {"a", ""}};

std::vector<std::string> names(const std::vector<ArchiveEntry>& entries) {
  std::vector<std::string> all;
  for (const auto& entry : entries) { all.push_back(entry.name); }
  return all;
}

/// Everything, as name -> bytes.
std::map<std::string, std::string> contents(const std::filesystem::path& path) {
  std::map<std::string, std::string> all;
  read_archive(
      path, [](const ArchiveEntry&) { return true; },
      [&](const ArchiveEntry& entry, std::vector<uint8_t>&& bytes) {
        EXPECT_EQ(entry.bytes, static_cast<int64_t>(bytes.size()));
        all[entry.name] = std::string(bytes.begin(), bytes.end());
      });
  return all;
}

std::string failure(const std::filesystem::path& path) {
  try {
    contents(path);
  } catch (const DataError& error) { return error.what(); }
  return "";
}

TEST(Archive, IsReadWithEveryCompression) {
  TemporaryFolder folder;
  for (const std::string filter : {"none", "gzip", "bzip2", "xz", "zstd"}) {
    const auto path = folder.path() / ("x." + filter);
    write_archive(path, kFiles, filter);
    const auto entries = list_archive(path);
    EXPECT_THAT(names(entries), ElementsAre("3/real/0/1.png", "3/real/0/2.png", "a")) << filter;
    EXPECT_EQ(entries[1].bytes, 300'000);
    const auto all = contents(path);
    EXPECT_EQ(all.at("3/real/0/1.png"), "one");
    EXPECT_EQ(all.at("3/real/0/2.png"), kFiles[2].second);
    EXPECT_EQ(all.at("a"), "");
  }
}

TEST(Archive, IsReadAsTheStandardWritesIt) {
  TemporaryFolder folder;
  const auto path = folder.write("x.tar", plain_tar(kFiles));
  EXPECT_THAT(names(list_archive(path)), ElementsAre("3/real/0/1.png", "3/real/0/2.png", "a"));
  EXPECT_EQ(contents(path).at("3/real/0/2.png"), kFiles[2].second);
}

TEST(Archive, GivesOnlyWhatIsWantedAndEndsWhereACallbackThrows) {
  TemporaryFolder folder;
  write_archive(folder.path() / "x.tar.gz", kFiles);
  std::vector<std::string> asked, given;
  const auto take = [&](const ArchiveEntry& entry, std::vector<uint8_t>&&) { given.push_back(entry.name); };
  read_archive(
      folder.path() / "x.tar.gz",
      [&](const ArchiveEntry& entry) {
        asked.push_back(entry.name);
        return entry.bytes == 3;
      },
      take);
  EXPECT_EQ(asked.size(), 3u);
  EXPECT_THAT(given, ElementsAre("3/real/0/1.png"));
  asked.clear();
  EXPECT_THROW(read_archive(
                   folder.path() / "x.tar.gz",
                   [&](const ArchiveEntry& entry) -> bool {
                     asked.push_back(entry.name);
                     throw UsageError("enough");
                   },
                   take),
               UsageError);
  EXPECT_EQ(asked.size(), 1u);
}

TEST(Archive, ThatIsCutOffGivesWhatWasWholeAndThenFailsByName) {
  TemporaryFolder folder;
  for (const std::string filter : {"none", "gzip", "bzip2", "xz", "zstd"}) {
    const auto whole = folder.path() / ("whole." + filter);
    write_archive(whole, kFiles, filter);
    const std::string bytes = read_file(whole);
    const auto cut = folder.write("cut." + filter, bytes.substr(0, bytes.size() / 2));
    std::vector<std::string> given;
    const auto read = [&] {
      read_archive(
          cut, [](const ArchiveEntry&) { return true; },
          [&](const ArchiveEntry& entry, std::vector<uint8_t>&&) { given.push_back(entry.name); });
    };
    EXPECT_THROW(read(), DataError) << filter;
    EXPECT_LE(given.size(), 1u) << filter;
    EXPECT_THAT(failure(cut), HasSubstr("cut." + filter));
    EXPECT_THROW(list_archive(cut), DataError) << filter;
  }
}

TEST(Archive, WithADamagedHeaderFails) {
  TemporaryFolder folder;
  std::string tar = plain_tar({{"first.png", "1"}, {"second.png", "2"}});
  tar[1024] ^= 1;  // a letter of the second name: the checksum of its header no longer holds
  EXPECT_THAT(failure(folder.write("x.tar", tar)), HasSubstr("x.tar] is not a whole archive"));
}

TEST(Archive, WhoseHeaderClaimsMoreThanThereIsFailsWithoutTakingTheMemory) {
  TemporaryFolder folder;
  std::string tar = plain_tar({{"huge.png", "1"}});
  // 64 GiB, with the checksum set right.
  const std::string claimed = "777777777777";
  std::string header = tar.substr(0, 512);
  header.replace(124, 12, claimed);
  header.replace(148, 8, 8, ' ');
  size_t sum = 0;
  for (const char byte : header) { sum += static_cast<unsigned char>(byte); }
  std::string digits;
  for (int i = 0; i < 6; ++i, sum /= 8) { digits.insert(digits.begin(), static_cast<char>('0' + sum % 8)); }
  header.replace(148, 8, digits + std::string("\0 ", 2));
  EXPECT_THAT(failure(folder.write("x.tar", header + tar.substr(512))), HasSubstr("is not a whole archive"));
}

TEST(Archive, ThatIsNoneFails) {
  TemporaryFolder folder;
  EXPECT_THAT(failure(folder.write("text.tar", std::string(5000, 'x'))), HasSubstr("text.tar"));
  EXPECT_THAT(failure(folder.write("empty.tar", "")), HasSubstr("empty.tar"));
  EXPECT_THAT(failure(folder.path() / "absent.tar"), HasSubstr("absent.tar"));
}

TEST(Archive, IsKnownByItsName) {
  for (const auto* name : {"1.tar", "1.tar.gz", "1.TGZ", "a/1.tar.zst", "1.tar.xz", "1.tar.bz2"}) {
    EXPECT_TRUE(is_archive_name(name)) << name;
  }
  for (const auto* name : {"1.gz", "tar", "1.zip", "1.tar.gz.part"}) { EXPECT_FALSE(is_archive_name(name)) << name; }
}

}  // namespace
}  // namespace realface::data
