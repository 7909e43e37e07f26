// Holds what the sources cite to what the repository defines: decisions by their numbers (docs/decisions.md) and the
// pages of docs/.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace realface {
namespace {
namespace fs = std::filesystem;

using Lines = std::vector<std::string>;

const fs::path kRoot = REALFACE_SOURCE_DIR;
const Lines kFolders = {"base",    "distributed", "data",  "models",     "checkpoints", "cluster",  "stages",
                        "configs", "launcher",    "tests", "benchmarks", "docs",        "examples", "cmake"};
const std::set<std::string> kSuffixes = {".h", ".cpp", ".yaml", ".md", ".sh", ".py", ".cmake", ".txt"};

/// Look like decisions, and are none: number formats, the letters of landmarks and of regions of the face.
const std::set<std::string> kFormats = {"BF16", "F16", "F32", "F64", "I8", "I16", "I32", "I64", "U8"};
const std::set<std::string> kOtherLetters = {"P", "R"};

Lines lines_of(const fs::path& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.is_open()) << path;
  Lines lines;
  for (std::string line; std::getline(file, line);) { lines.push_back(line); }
  return lines;
}

/// What of a line may cite: of a test the comment alone, since its strings are made up.
std::string citing_part(const std::string& path, const std::string& line) {
  if (!path.starts_with("tests/")) { return line; }
  const size_t comment = line.find(path.ends_with(".h") || path.ends_with(".cpp") ? "//" : "#");
  return comment == std::string::npos ? "" : line.substr(comment);
}

class Scanner {
 public:
  Scanner(const Lines& decisions, const Lines& pages)
      : decisions_(decisions.begin(), decisions.end()), pages_(pages.begin(), pages.end()) {
    for (const auto& id : decisions) { families_.insert(id.substr(0, id.find_first_of("0123456789"))); }
  }

  void read(const std::string& path, const Lines& lines) {
    static const std::regex kPrefix("^\\s*(///?|#)?\\s*");
    for (size_t i = 0; i < lines.size(); ++i) {
      where_ = path + ":" + std::to_string(i + 1);
      const std::string line = citing_part(path, lines[i]);
      const std::string next = i + 1 < lines.size() ? citing_part(path, lines[i + 1]) : "";
      read_decisions(line);
      read_pages(line);
      read_forbidden(line, std::regex_replace(next, kPrefix, ""));
    }
  }

  const Lines& faults() const { return faults_; }
  int citations() const { return citations_; }

 private:
  void read_decisions(const std::string& line) {
    static const std::regex kId("\\b([A-Z]{1,2})[1-9][0-9]?\\b");
    for (std::sregex_iterator match(line.begin(), line.end(), kId), end; match != end; ++match) {
      if (is_citation(*match)) { check(decisions_, match->str()); }
    }
  }
  /// Of a family of decisions, in any form; of another letter, if it stands in brackets as citations do.
  bool is_citation(const std::smatch& match) const {
    if (kFormats.contains(match.str()) || kOtherLetters.contains(match.str(1))) { return false; }
    const std::string after = match.suffix().str();
    const bool bracketed = match.prefix().str().ends_with("(") && (after.starts_with(")") || after.starts_with(","));
    return families_.contains(match.str(1)) || bracketed;
  }
  void read_pages(const std::string& line) {
    static const std::regex kPage("\\b[a-z][a-z0-9_-]*\\.md\\b");
    for (std::sregex_iterator match(line.begin(), line.end(), kPage), end; match != end; ++match) {
      check(pages_, match->str());
    }
  }
  /// Chapters of texts that are not in the repository, also where the line breaks inside such a citation.
  void read_forbidden(const std::string& line, const std::string& next) {
    static const std::regex kForbidden("\\b(design|trap|traps) [0-9]|project's reference|\\breference page");
    const std::string text = line + " " + next;
    for (std::sregex_iterator match(text.begin(), text.end(), kForbidden), end; match != end; ++match) {
      if (match->position() < static_cast<std::ptrdiff_t>(line.size())) { check({}, match->str()); }
    }
  }
  void check(const std::set<std::string>& defined, const std::string& cited) {
    ++citations_;
    if (!defined.contains(cited)) { faults_.push_back(where_ + " cites " + cited); }
  }

  std::set<std::string> decisions_, pages_, families_;
  std::string where_;
  Lines faults_;
  int citations_ = 0;
};

/// The first column of the tables.
Lines decisions() {
  static const std::regex kRow("^\\| ([A-Z]{1,2}[1-9][0-9]?) \\|.*");
  Lines ids;
  for (const auto& line : lines_of(kRoot / "docs" / "decisions.md")) {
    if (std::smatch match; std::regex_match(line, match, kRow)) { ids.push_back(match[1]); }
  }
  return ids;
}

Lines pages() {
  Lines names;
  for (const auto& entry : fs::directory_iterator(kRoot / "docs")) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

Scanner scan(const Lines& folders, const Lines& files = {}) {
  Scanner scanner(decisions(), pages());
  for (const auto& folder : folders) {
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder)) {
      if (kSuffixes.contains(entry.path().extension().string())) {
        scanner.read(fs::relative(entry.path(), kRoot).generic_string(), lines_of(entry.path()));
      }
    }
  }
  for (const auto& file : files) { scanner.read(file, lines_of(kRoot / file)); }
  return scanner;
}

TEST(Citations, Resolve) { EXPECT_EQ(scan(kFolders, {"README.md", "CONTRIBUTING.md"}).faults(), Lines{}); }

TEST(Citations, AreFound) { EXPECT_GT(scan({"configs", "data", "stages"}).citations(), 60); }

TEST(Citations, EachDecisionHasOneRow) {
  const Lines rows = decisions();
  EXPECT_EQ(rows.size(), std::set<std::string>(rows.begin(), rows.end()).size());
}

TEST(Citations, ThatNothingDefinesAreNamed) {
  Scanner scanner({"G7", "RC1"}, {"step.md"});
  scanner.read("data/x.h", {"Padded (G7, G99), as RC1 and RC12: docs/step.md, docs/nowhere.md, (B4), trap",
                            "  # 8 of the project's reference"});
  scanner.read("tests/x.py", {"call(G40)  # G41", "'design 5'", "# design 4", "open('operations.md')  # house.md"});
  EXPECT_THAT(scanner.faults(),
              testing::UnorderedElementsAre(
                  "data/x.h:1 cites G99", "data/x.h:1 cites RC12", "data/x.h:1 cites nowhere.md", "data/x.h:1 cites B4",
                  "data/x.h:1 cites trap 8", "data/x.h:2 cites project's reference", "tests/x.py:1 cites G41",
                  "tests/x.py:3 cites design 4", "tests/x.py:4 cites house.md"));
}

TEST(Citations, AreToldFromOtherWords) {
  Scanner scanner({"F1", "L2"}, {});
  scanner.read("data/x.h", {"HDF5 F32 AVX2 C++20 AVX512-BF16 (BF16) H100 README.md 0xF9 U8 (P17, P16) R3 L2 norm, T4"});
  EXPECT_EQ(scanner.faults(), Lines{});
}

}  // namespace
}  // namespace realface
