#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <opencv2/core.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "data/synthesis/dataset.h"
#include "data/synthesis/forgery/hard_manipulation.h"
#include "data/synthesis/forgery/manipulation.h"
#include "tests/data/synthesis/decode.h"

namespace realface::data::synthesis {
namespace {

namespace fs = std::filesystem;

fs::path fresh(const std::string& name) {
  const fs::path folder = fs::path(testing::TempDir()) / ("synthesis_" + name + "_" + std::to_string(getpid()));
  fs::remove_all(folder);
  return folder;
}

SynthConfig small(const fs::path& out) {
  SynthConfig config;
  config.out = out;
  config.identities = 6;
  config.frames = 3;
  config.size = 128;
  config.seed = 17;
  config.fakes = SynthConfig::Fakes::test;
  return config;
}

std::map<std::string, std::string> bytes_of(const fs::path& root) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.is_regular_file()) { files[fs::relative(entry.path(), root).string()] = read_file(entry.path()); }
  }
  return files;
}

TEST(SynthesisDataset, HasTheLayoutOfFaceForensics) {
  const fs::path out = fresh("layout");
  const SynthResult result = write_dataset(small(out));
  EXPECT_TRUE(result.written);
  EXPECT_EQ(result.reals, 6);
  EXPECT_EQ(result.fakes, 8);
  for (const char* id : {"000", "001", "002", "003", "004", "005"}) {
    EXPECT_TRUE(fs::exists(out / "original_sequences/youtube/c23/videos" / (std::string(id) + ".mp4"))) << id;
  }
  for (const char* split : {"train", "val", "test"}) {
    const auto pairs = nlohmann::json::parse(read_file(out / "splits" / (std::string(split) + ".json")));
    ASSERT_EQ(pairs.size(), 1U) << split;
    const std::string a = pairs[0][0], b = pairs[0][1];
    for (const Method method : methods_of(Level::easy)) {
      const fs::path fakes = out / "manipulated_sequences" / method_name(method);
      for (const std::string& name : {a + "_" + b + ".mp4", b + "_" + a + ".mp4"}) {
        EXPECT_EQ(fs::exists(fakes / "c23/videos" / name), std::string(split) == "test") << name;
        EXPECT_EQ(fs::exists(fakes / "masks/videos" / name), std::string(split) == "test") << name;
      }
    }
  }
}

TEST(SynthesisDataset, IsTheSameByteForByteWithAnyNumberOfThreads) {
  SynthConfig one = small(fresh("one")), three = small(fresh("three"));
  one.threads = 1;
  three.threads = 3;
  write_dataset(one);
  write_dataset(three);
  const auto first = bytes_of(one.out), second = bytes_of(three.out);
  ASSERT_EQ(first.size(), 6U + 16U + 3U + 1U);
  for (const auto& [name, bytes] : first) {
    ASSERT_TRUE(second.contains(name)) << name;
    EXPECT_TRUE(bytes == second.at(name)) << name << " differs";
  }
}

/// A dataset that was written before there were levels is found again.
TEST(SynthesisDataset, RecordsNothingOfALevelForEasy) {
  const SynthConfig config = small(fresh("easy_record"));
  write_dataset(config);
  const auto record = nlohmann::json::parse(read_file(config.out / "synth.json"));
  EXPECT_EQ(record["settings"].dump(),
            R"({"fakes":"test","format":1,"frames":3,"identities":6,)"
            R"("methods":["Deepfakes","Face2Face","FaceSwap","NeuralTextures"],"seed":17,"size":128})");
}

TEST(SynthesisDataset, HasSixMethodsAndItsLevelOnRecordAtLevelHard) {
  SynthConfig one = small(fresh("hard_one")), three = small(fresh("hard_three")), easy = small(fresh("easy"));
  one.level = three.level = Level::hard;
  one.threads = 1;
  three.threads = 3;
  EXPECT_EQ(write_dataset(one).fakes, 12);
  write_dataset(three);
  write_dataset(easy);
  const auto first = bytes_of(one.out), second = bytes_of(three.out), other = bytes_of(easy.out);
  ASSERT_EQ(first.size(), 6U + 24U + 3U + 1U);
  EXPECT_TRUE(first == second) << "the files depend on the threads";
  EXPECT_EQ(nlohmann::json::parse(first.at("synth.json"))["settings"]["level"], "hard");
  for (const auto& [name, bytes] : other) {
    const bool video = name.ends_with(".mp4") && name.find("masks") == std::string::npos;
    if (video) { EXPECT_FALSE(bytes == first.at(name)) << name << " is the same at both levels"; }
  }
  easy.level = Level::hard;
  EXPECT_THROW(write_dataset(easy), DataError) << "the folder holds level easy";
}

TEST(SynthesisDataset, RefusesAMethodOfAnotherLevel) {
  SynthConfig config = small(fresh("level"));
  config.methods = {Method::face_shifter};
  try {
    write_dataset(config);
    FAIL() << "level easy has no FaceShifter";
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("FaceShifter is not drawn at level easy"), std::string::npos)
        << error.what();
  }
}

TEST(SynthesisDataset, StoresTheExactMasksOfTheForger) {
  const SynthConfig config = small(fresh("masks"));
  write_dataset(config);
  const auto pairs = nlohmann::json::parse(read_file(config.out / "splits/test.json"));
  const std::string target_id = pairs[0][0], source_id = pairs[0][1];
  const Renderer target(make_identity(config.seed, std::stoull(target_id)), config.size);
  const Identity source = make_identity(config.seed, std::stoull(source_id));
  for (const Method method : methods_of(Level::easy)) {
    const fs::path file = config.out / "manipulated_sequences" / method_name(method) / "masks/videos" /
                          (target_id + "_" + source_id + ".mp4");
    const Decoded masks = decode(file);
    ASSERT_EQ(masks.rgb.size(), static_cast<size_t>(config.frames)) << file;
    const Forger forger(method, target, source);
    for (int64_t frame = 0; frame < config.frames; ++frame) {
      const Frame real = target.render(pose_at(target.person(), frame), frame);
      const Forgery forged = forger.forge(real, frame);
      EXPECT_EQ(cv::countNonZero((masks.luma[static_cast<size_t>(frame)] > 127) != forged.mask), 0) << file << frame;
    }
  }
}

TEST(SynthesisDataset, StoresAtLevelHardTheMasksOfBeforeTheProcessing) {
  SynthConfig config = small(fresh("hard_masks"));
  config.level = Level::hard;
  config.methods = {Method::lip_sync};
  write_dataset(config);
  const auto pairs = nlohmann::json::parse(read_file(config.out / "splits/test.json"));
  const std::string target_id = pairs[0][0], source_id = pairs[0][1];
  const Renderer target(make_identity(config.seed, std::stoull(target_id)), config.size);
  const HardForger forger(Method::lip_sync, target, make_identity(config.seed, std::stoull(source_id)));
  const Decoded masks =
      decode(config.out / "manipulated_sequences/LipSync/masks/videos" / (target_id + "_" + source_id + ".mp4"));
  ASSERT_EQ(masks.luma.size(), static_cast<size_t>(config.frames));
  for (int64_t frame = 0; frame < config.frames; ++frame) {
    const Forgery forged = forger.forge(target.render(pose_at(target.person(), frame), frame), frame);
    EXPECT_EQ(cv::countNonZero((masks.luma[static_cast<size_t>(frame)] > 127) != forged.mask), 0) << frame;
  }
}

TEST(SynthesisDataset, IsNotWrittenTwice) {
  const SynthConfig config = small(fresh("twice"));
  EXPECT_TRUE(write_dataset(config).written);
  const auto before = bytes_of(config.out);
  SynthConfig slashed = config;
  slashed.out += "/";
  EXPECT_FALSE(write_dataset(slashed).written);
  EXPECT_TRUE(bytes_of(config.out) == before);
}

TEST(SynthesisDataset, RefusesAFolderThatHoldsAnythingElse) {
  SynthConfig config = small(fresh("refusal"));
  config.fakes = SynthConfig::Fakes::none;
  config.frames = 1;
  write_dataset(config);
  const auto before = bytes_of(config.out);
  SynthConfig other = config;
  other.seed = 18;
  EXPECT_THROW(write_dataset(other), DataError);
  fs::remove(config.out / "synth.json");
  EXPECT_THROW(write_dataset(config), DataError);
  EXPECT_EQ(bytes_of(config.out).size(), before.size() - 1);
  config.out = config.out / "splits/test.json";
  EXPECT_THROW(write_dataset(config), DataError);
}

TEST(SynthesisDataset, TakesThePlaceOfARunThatWasKilled) {
  const fs::path folder = fresh("killed");
  const SynthConfig config = small(folder / "set");
  make_folder(folder / ".set.synth-unfinished/original_sequences/youtube/c23/videos/000.mp4");
  EXPECT_TRUE(write_dataset(config).written);
  EXPECT_FALSE(fs::exists(folder / ".set.synth-unfinished"));
}

/// No file of this process can grow beyond this many bytes: what a full disk looks like from inside.
class FileLimit {
 public:
  explicit FileLimit(rlim_t bytes) {
    before_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit now{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &now);
  }
  ~FileLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, before_handler_);
  }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;

 private:
  rlimit before_{};
  void (*before_handler_)(int) = nullptr;
};

TEST(SynthesisDataset, LeavesNothingWhenTheDiskIsFull) {
  const fs::path folder = fresh("full");
  make_folder(folder);
  const SynthConfig config = small(folder / "set");
  {
    const FileLimit limit(1500);
    EXPECT_THROW(write_dataset(config), Error);
  }
  EXPECT_TRUE(fs::is_empty(folder));
  EXPECT_TRUE(write_dataset(config).written) << "the same call works once there is room";
}

TEST(SynthesisDataset, RefusesAPlaceThatCannotBeMade) {
  const fs::path folder = fresh("place");
  make_folder(folder);
  publish_file(folder / "file", "text");
  SynthConfig config = small(folder / "file/set");
  EXPECT_THROW(write_dataset(config), Error);
  EXPECT_EQ(read_file(folder / "file"), "text");
}

TEST(SynthesisDataset, ListsEveryFaultOfItsSettings) {
  SynthConfig config = small(fresh("faults"));
  config.identities = 7;
  config.frames = 0;
  config.size = 99;
  try {
    write_dataset(config);
    FAIL() << "settings out of range were accepted";
  } catch (const UsageError& error) {
    const std::string text = error.what();
    for (const char* word : {"identities is 7", "frames is 0", "size is 99"}) {
      EXPECT_NE(text.find(word), std::string::npos) << text;
    }
  }
}

}  // namespace
}  // namespace realface::data::synthesis
