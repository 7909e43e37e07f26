#include "data/importers/celeb_df_list.h"

#include <set>

#include "data/importers/list_files.h"

namespace realface::data::importers {
namespace fs = std::filesystem;

int celeb_df_label(const std::string& folder) {
  if (folder == "Celeb-synthesis") { return 1; }
  return folder == "Celeb-real" || folder == "YouTube-real" ? 0 : -1;
}

std::vector<CelebDfEntry> read_celeb_df_list(const fs::path& path) {
  std::vector<CelebDfEntry> entries;
  std::set<std::string> seen;
  for_each_line(path, [&](int64_t number, std::string_view line) {
    const auto words = split_line(line, ' ');
    const fs::path video = words.empty() ? fs::path() : fs::path(words.back());
    const std::string folder = video.parent_path().string();
    const bool good = words.size() == 2 && (words[0] == "0" || words[0] == "1") && celeb_df_label(folder) >= 0 &&
                      !video.stem().empty();
    if (!good) { refuse_line(path, number, line, "a digit and a video such as \"1 YouTube-real/00170.mp4\""); }
    if (!seen.insert(video.string()).second) { refuse_line(path, number, line, "each video once"); }
    entries.push_back({folder, video.stem().string()});
  });
  return entries;
}

}  // namespace realface::data::importers
