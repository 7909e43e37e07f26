#pragma once

#include <filesystem>
#include <string>
#include <vector>

/// The label files of the DeepFake Detection Challenge.
namespace realface::data::importers {

struct DfdcLabel {
  std::string file;      // as the list names it: with or without .mp4
  int label = -1;        // 0 real, 1 fake
  std::string original;  // metadata.json: the real video behind a fake; else empty
  std::string split;     // labels with a column `set` or `split`: its text; else empty
};

/// `metadata.json` of a part: {"x.mp4": {"label": "FAKE", "original": "y.mp4"}}; the test set has `is_fake` in place of
/// `label`. Throws DataError naming the file, and the entry where it is one, that is something else.
std::vector<DfdcLabel> read_dfdc_metadata(const std::filesystem::path& path);

/// `labels.csv`: a header with the columns `filename` (or `name`) and `label`, then a video a line; 1 or FAKE is fake.
/// Separated by commas, or by blanks where the header has no comma. Throws DataError with file and line.
std::vector<DfdcLabel> read_dfdc_labels(const std::filesystem::path& path);

}  // namespace realface::data::importers
