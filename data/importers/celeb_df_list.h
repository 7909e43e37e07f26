#pragma once

#include <filesystem>
#include <string>
#include <vector>

/// Celeb-DF's List_of_testing_videos.txt: `<digit> <folder>/<name>.mp4` a line, without a header.
namespace realface::data::importers {

struct CelebDfEntry {
  std::string folder;  // Celeb-real, YouTube-real or Celeb-synthesis
  std::string stem;
};

/// 0 real, 1 fake. The list's own digit has it the other way round (1 is real there), so the folder alone decides.
/// -1 for a folder that is none of the three.
int celeb_df_label(const std::string& folder);

/// Every line is a video, the first and the last included. Throws DataError with file and line for anything else, and
/// for a video that is named twice.
std::vector<CelebDfEntry> read_celeb_df_list(const std::filesystem::path& path);

}  // namespace realface::data::importers
