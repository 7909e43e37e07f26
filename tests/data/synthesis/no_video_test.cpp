#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "data/synthesis/dataset.h"

namespace realface::data::synthesis {
namespace {

TEST(SynthesisWithoutVideo, SaysWhichOptionIsMissingAndLeavesNothingBehind) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "synthesis_without_video";
  std::filesystem::remove_all(folder);
  SynthConfig config;
  config.out = folder / "set";
  config.identities = 6;
  config.frames = 1;
  try {
    write_dataset(config);
    FAIL() << "a build without video wrote videos";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("REALFACE_VIDEO=ON"), std::string::npos) << error.what();
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder));
}

}  // namespace
}  // namespace realface::data::synthesis
