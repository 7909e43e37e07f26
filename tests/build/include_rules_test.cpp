// Holds the sources to the table of rooms: who may include whom, no circle, and which libraries' headers stay in one
// room.

#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>

namespace realface {
namespace {
namespace fs = std::filesystem;

const fs::path kSources = REALFACE_SOURCE_DIR;

/// Room -> rooms that it may include besides itself.
const std::map<std::string, std::set<std::string>> kRooms = {
    {"base", {}},
    {"distributed", {"base"}},
    {"data", {"base", "distributed"}},
    {"models", {"base"}},
    {"checkpoints", {"base", "distributed"}},
    {"cluster", {"base", "distributed"}},
    {"stages", {"base", "distributed", "data", "models", "checkpoints", "cluster"}},
    {"configs", {"base", "distributed", "data", "models", "checkpoints", "cluster", "stages"}},
    {"launcher", {"base", "distributed", "data", "models", "checkpoints", "cluster", "stages", "configs"}},
};

/// Header of a library -> the only rooms that may include it.
const std::vector<std::pair<std::regex, std::set<std::string>>> kLibraryRooms = {
    {std::regex("mpi\\.h"), {"distributed"}},
    {std::regex("nccl\\.h"), {"distributed"}},
    {std::regex("hdf5.*\\.h"), {"data"}},
    {std::regex("yaml-cpp/.*"), {"configs"}},
    {std::regex("prometheus/.*"), {"cluster"}},
    {std::regex("CLI/.*"), {"launcher"}},
    {std::regex("dlib/.*|libav.*|libsw.*"), {"data"}},
};

struct Include {
  std::string file, room, target;
  bool quoted, in_header;
};

std::vector<Include> includes_of(const fs::path& path, const std::string& room) {
  static const std::regex kInclude("^\\s*#\\s*include\\s*([<\"])([^>\"]+)[>\"]");
  std::vector<Include> found;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (std::smatch match; std::regex_search(line, match, kInclude)) {
      found.push_back(
          {fs::relative(path, kSources).string(), room, match[2], match[1] == "\"", path.extension() == ".h"});
    }
  }
  return found;
}

const std::vector<Include>& all_includes() {
  static const std::vector<Include> includes = [] {
    std::vector<Include> found;
    for (const auto& [room, allowed] : kRooms) {
      for (const auto& entry : fs::recursive_directory_iterator(kSources / room)) {
        if (entry.path().extension() == ".h" || entry.path().extension() == ".cpp") {
          for (auto& include : includes_of(entry.path(), room)) { found.push_back(std::move(include)); }
        }
      }
    }
    return found;
  }();
  return includes;
}

std::string room_of(const std::string& path) { return path.substr(0, path.find('/')); }

TEST(IncludeRules, SeesTheSources) { EXPECT_GT(all_includes().size(), 100u); }

TEST(IncludeRules, NoRoomIncludesUpward) {
  for (const auto& include : all_includes()) {
    const std::string target = room_of(include.target);
    if (!include.quoted || target == include.room) { continue; }
    EXPECT_TRUE(kRooms.at(include.room).contains(target)) << include.file << " includes " << include.target;
  }
}

TEST(IncludeRules, OurHeadersAreNamedFromTheRoot) {
  for (const auto& include : all_includes()) {
    if (include.quoted) {
      EXPECT_TRUE(fs::exists(kSources / include.target)) << include.file << " includes " << include.target;
    }
  }
}

TEST(IncludeRules, LibraryHeadersStayInTheirRooms) {
  for (const auto& include : all_includes()) {
    for (const auto& [header, rooms] : kLibraryRooms) {
      if (!include.quoted && std::regex_match(include.target, header)) {
        EXPECT_TRUE(rooms.contains(include.room)) << include.file << " includes " << include.target;
      }
    }
  }
}

TEST(IncludeRules, NobodyIncludesAllOfTorch) {
  for (const auto& include : all_includes()) {
    EXPECT_NE(include.target, "torch/torch.h") << include.file;
    EXPECT_NE(include.target, "torch/nn.h") << include.file;
  }
}

/// Depth-first search over the headers' own includes; a header met while still open closes a circle.
class CircleFinder {
 public:
  CircleFinder() {
    for (const auto& include : all_includes()) {
      if (include.quoted && include.in_header) { edges_[include.file].push_back(include.target); }
    }
  }
  std::vector<std::string> find() {
    for (const auto& [file, targets] : edges_) { visit(file); }
    return circles_;
  }

 private:
  void visit(const std::string& file) {
    if (done_.contains(file)) { return; }
    open_.insert(file);
    for (const auto& target : edges_[file]) {
      if (open_.contains(target)) {
        circles_.push_back(file + " -> " + target);
      } else {
        visit(target);
      }
    }
    open_.erase(file);
    done_.insert(file);
  }
  std::map<std::string, std::vector<std::string>> edges_;
  std::set<std::string> open_, done_;
  std::vector<std::string> circles_;
};

TEST(IncludeRules, HeadersFormNoCircle) { EXPECT_EQ(CircleFinder().find(), std::vector<std::string>{}); }

/// The folders inside each room, from the ground up: each may include those before it in its line, and the headers that
/// lie on the room's own floor, which are its interfaces. What is not listed stands alone.
const std::vector<std::vector<std::string>> kFloors = {
    {"data/faces", "data/codec", "data/shards", "data/order", "data/loading"},
    {"data/faces", "data/codec", "data/shards", "data/inspection"},
    {"data/importers", "data/codec", "data/shards", "data/preprocess/video", "data/preprocess/masks",
     "data/preprocess/faces", "data/preprocess"},
    {"data/importers", "data/codec", "data/synthesis/drawing", "data/synthesis/forgery", "data/synthesis"},
    {"distributed/watchdog", "distributed/mpi", "distributed/nccl", "distributed/joining"},
    {"distributed/reducer"},
    {"models/layers", "models/weights", "models/mae", "models/vit", "models/rffr"},
    {"models/layers", "models/weights", "models/mapping_net", "models/localizer"},
    {"models/layers", "models/weights", "models/cnn"},
    {"models/layers", "models/weights", "models/xception", "models/lre"},
    {"models/layers", "models/weights/torch_save", "models/weights"},
    {"models/weights", "models/mae", "models/vit", "models/mapping_net", "models/localizer", "models/importing"},
    {"models/weights", "models/mae", "models/vit", "models/xception", "models/exporting"},
    {"checkpoints/format", "checkpoints/saving"},
    {"cluster/http", "cluster/metrics"},
    {"stages/training", "stages/scores", "stages/pretrain", "stages/reconstruct", "stages/report",
     "stages/report/comparison"},
    {"stages/training", "stages/scores", "stages/finetune", "stages/evaluate", "stages/detect", "stages/kinds"},
    {"stages/training", "stages/scores", "stages/composite", "stages/kinds"},
    {"stages/scores", "stages/protocol"},
    {"stages/training", "stages/cnn", "stages/kinds"},
    {"stages/training", "stages/xception", "stages/kinds"},
    {"stages/training", "stages/attention", "stages/evaluate", "stages/kinds"},
    {"stages/attention", "stages/residual", "stages/reconstruct"},
    {"stages/training", "stages/residual", "stages/evaluate", "stages/kinds"},
    {"stages/training", "stages/episodes", "stages/mapping", "stages/kinds"},
    {"stages/training", "stages/episodes", "stages/localization", "stages/kinds"},
    {"stages/training", "stages/pretrain", "stages/kinds"},
};

std::string folder_of(const std::string& path) { return fs::path(path).parent_path().string(); }

bool lower_floor(const std::string& folder, const std::string& target) {
  for (const auto& line : kFloors) {
    const auto from = std::find(line.begin(), line.end(), folder), to = std::find(line.begin(), line.end(), target);
    if (from != line.end() && to < from) { return true; }
  }
  return false;
}

TEST(IncludeRules, NoInnerFolderIncludesUpward) {
  for (const auto& include : all_includes()) {
    const std::string from = folder_of(include.file), to = folder_of(include.target);
    if (!include.quoted || from == to || room_of(include.target) != include.room) { continue; }
    // A room's own floor is both its interfaces and what puts the room together; HeadersFormNoCircle keeps these apart.
    const bool own_floor = from == include.room || from.starts_with(to + "/");
    EXPECT_TRUE(own_floor || lower_floor(from, to)) << include.file << " includes " << include.target;
  }
}

TEST(SizeRules, NoFolderIsAHeap) {
  constexpr int kMost = 36;  // data/importers: nine datasets and the readers of their lists
  std::map<std::string, int> files;
  for (const auto& [room, allowed] : kRooms) {
    for (const auto& entry : fs::recursive_directory_iterator(kSources / room)) {
      if (entry.path().extension() == ".h" || entry.path().extension() == ".cpp") {
        ++files[entry.path().parent_path().string()];
      }
    }
  }
  for (const auto& [folder, count] : files) { EXPECT_LE(count, kMost) << folder << ": give it inner folders"; }
}

TEST(SizeRules, NoFileIsOverFourHundredLines) {
  for (const auto& [room, allowed] : kRooms) {
    for (const auto& entry : fs::recursive_directory_iterator(kSources / room)) {
      if (entry.path().extension() != ".h" && entry.path().extension() != ".cpp") { continue; }
      std::ifstream file(entry.path());
      const auto lines = std::count(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>(), '\n');
      EXPECT_LE(lines, 400) << entry.path();
    }
  }
}

}  // namespace
}  // namespace realface
