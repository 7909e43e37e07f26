// Decoding in a child process: the same frames as in this one, and no death of the child is ours.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <opencv2/imgcodecs.hpp>

#include "base/error.h"
#include "data/preprocess/extract.h"
#include "data/preprocess/masks/mask_reader.h"
#include "data/preprocess/video/decoder.h"
#include "tests/data/preprocess/videos.h"
#include "tests/temporary_folder.h"

namespace realface::data::preprocess {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// REALFACE_FAILPOINT for the life of the object; children inherit it.
class Failpoint {
 public:
  explicit Failpoint(const std::string& text) { setenv("REALFACE_FAILPOINT", text.c_str(), 1); }
  ~Failpoint() { unsetenv("REALFACE_FAILPOINT"); }
};

class Child : public testing::Test {
 protected:
  importers::Source video(const std::string& name, int frames = 60) {
    write_counting_video(folder.path() / name, frames);
    return source_at(folder.path() / name);
  }
  static std::vector<int> numbers(FrameReader& reader, const std::vector<int32_t>& wanted) {
    std::vector<int> seen;
    reader.read(wanted, [&](const Frame& frame) { seen.push_back(shown_number(frame.picture)); });
    return seen;
  }
  static std::string crash(const std::function<void()>& work) {
    try {
      work();
    } catch (const DecoderCrash& error) { return error.path() + ": " + error.what(); }
    return "no crash";
  }
  /// A program that the shell runs; `again` is the real decoder.
  std::string script(const std::string& lines) {
    const auto path = folder.write("decoder.sh", "#!/bin/sh\n" + lines + "\nexec " REALFACE_DECODER_CHILD "\n");
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }

  TemporaryFolder folder;
};

TEST_F(Child, HandsOverWhatThisProcessDecodes) {
  const auto source = video("a.mp4");
  Decoder child(REALFACE_DECODER_CHILD), here;
  child.start();
  const auto distant = child.open(source), near = here.open(source);
  EXPECT_EQ(distant->info().times_us, near->info().times_us);
  EXPECT_EQ(distant->info().width, near->info().width);
  EXPECT_EQ(distant->info().height, near->info().height);
  EXPECT_EQ(distant->info().fps, near->info().fps);
  EXPECT_EQ(distant->info().matrix, near->info().matrix);
  EXPECT_EQ(distant->info().x264_crf, near->info().x264_crf);
  for (int pass = 0; pass < 2; ++pass) {
    std::vector<Frame> frames;
    near->read({0, 7, 59}, [&](Frame frame) { frames.push_back(std::move(frame)); });
    size_t i = 0;
    distant->read({0, 7, 59}, [&](const Frame& frame) {
      ASSERT_LT(i, frames.size());
      EXPECT_EQ(frame.index, frames[i].index);
      EXPECT_EQ(frame.pts_us, frames[i].pts_us);
      EXPECT_EQ(frame.picture.stride, frames[i].picture.stride);
      EXPECT_EQ(frame.picture.pixels, frames[i].picture.pixels);
      ++i;
    });
    EXPECT_EQ(i, 3u);
  }
}

TEST_F(Child, KeepsSeveralReadersApart) {
  Decoder decoder(REALFACE_DECODER_CHILD);
  decoder.start();
  const auto a = decoder.open(video("a.mp4")), b = decoder.open(video("b.mp4", 9));
  EXPECT_THAT(numbers(*a, {3, 50}), ElementsAre(3, 50));
  EXPECT_THAT(numbers(*b, {8}), ElementsAre(8));
  decoder.open(video("c.mp4", 3)).reset();
  EXPECT_THAT(numbers(*a, {1}), ElementsAre(1));
  EXPECT_EQ(b->info().times_us.size(), 9u);
}

TEST_F(Child, SaysWhatIsWrongWithAFileAsThisProcessDoes) {
  Decoder decoder(REALFACE_DECODER_CHILD);
  decoder.start();
  const auto bad = source_at(folder.write("text.mp4", "not a video"));
  std::string distant, near;
  try {
    decoder.open(bad);
  } catch (const DataError& error) { distant = error.what(); }
  try {
    open_source(bad);
  } catch (const DataError& error) { near = error.what(); }
  EXPECT_THAT(near, HasSubstr("text.mp4"));
  EXPECT_EQ(distant, near);
  EXPECT_THAT(numbers(*decoder.open(video("a.mp4")), {2}), ElementsAre(2));  // and goes on
}

TEST_F(Child, DiesAloneAndIsReplaced) {
  const Failpoint abort("decoder.abort:bad.mp4");
  const auto good = video("good.mp4"), bad = video("bad.mp4");
  Decoder decoder(REALFACE_DECODER_CHILD);
  decoder.start();
  const auto reader = decoder.open(good);
  EXPECT_THAT(crash([&] { decoder.open(bad); }), HasSubstr("bad.mp4: its decoder died of signal 6"));
  EXPECT_THAT(crash([&] { numbers(*reader, {0}); }), HasSubstr("good.mp4: its decoder is dead"));
  EXPECT_THAT(crash([&] { decoder.open(good); }), HasSubstr("its decoder is dead"));
  decoder.start();
  EXPECT_THAT(crash([&] { numbers(*reader, {0}); }), HasSubstr("its decoder is dead"));  // a reader of the old child
  EXPECT_THAT(numbers(*decoder.open(good), {5}), ElementsAre(5));
}

TEST_F(Child, IsGivenUpWhenItIsSilent) {
  const Failpoint hang("decoder.hang:bad.mp4");
  Decoder decoder(REALFACE_DECODER_CHILD, 5);
  decoder.start();
  EXPECT_THAT(crash([&] { decoder.open(video("bad.mp4")); }), HasSubstr("no sign of life for 5 s"));
  decoder.start();
  EXPECT_THAT(numbers(*decoder.open(video("good.mp4")), {5}), ElementsAre(5));
}

TEST_F(Child, IsReplacedWhereItsFramesWereNotAllTaken) {
  const auto source = video("a.mp4");
  Decoder decoder(REALFACE_DECODER_CHILD);
  decoder.start();
  const auto reader = decoder.open(source);
  EXPECT_THROW(reader->read({0, 1, 2, 3}, [](const Frame&) { throw std::logic_error("enough"); }), std::logic_error);
  decoder.start();
  EXPECT_THAT(numbers(*decoder.open(source), {6}), ElementsAre(6));
}

TEST_F(Child, GivesNoOtherReaderWhatATakerRefused) {
  Decoder decoder(REALFACE_DECODER_CHILD);
  decoder.start();
  const auto a = decoder.open(video("a.mp4")), b = decoder.open(video("b.mp4"));
  EXPECT_THROW(a->read({0, 10, 20, 30}, [](const Frame&) { throw DataError("of another size"); }), DataError);
  EXPECT_THAT(numbers(*b, {40, 50}), ElementsAre(40, 50));
  EXPECT_THAT(numbers(*a, {5}), ElementsAre(5));
}

TEST_F(Child, ThatCannotBeStartedIsAnErrorOfThisMachine) {
  EXPECT_THROW(Decoder("/no/such/program").start(), Error);
  Decoder ends(script("exit 3"));
  try {
    ends.start();
    ADD_FAILURE();
  } catch (const Error& error) { EXPECT_THAT(error.what(), HasSubstr("ended with code 3")); }
  EXPECT_THROW(Decoder(script("head -c 1000 /dev/zero >&0")).start(), Error);  // talks nonsense
}

/// Extraction through the child.
class CrashingVideo : public Child {
 protected:
  void SetUp() override {
    write_face_tree(folder.path() / "tree", 6);
    listing = importers::import_dataset("ffpp", folder.path() / "tree", {});
    fake = *std::ranges::find_if(listing.sources, [](const auto& source) { return source.label == 1; });
  }
  Extracted extracted(const std::string& program) {
    FaceFinder finder(std::make_shared<const FaceModels>());
    Decoder decoder(program, 20);
    return extract(fake, {}, finder, decoder);
  }
  static std::string bytes_of(const Extracted& video) {
    std::string all;
    for (const auto& frame : video.record.frames) { all += frame.blob + frame.mask; }
    return all;
  }

  importers::Listing listing;
  importers::Source fake;
};

TEST_F(CrashingVideo, GivesTheSameBytesHereInAChildAndAfterOneCrash) {
  const Extracted here = extracted("");
  ASSERT_EQ(here.record.frames.size(), 6u) << here.why;
  EXPECT_EQ(bytes_of(extracted(REALFACE_DECODER_CHILD)), bytes_of(here));
  // The first child dies of the file, the second does not.
  const std::string marker = folder.path() / "died";
  const Extracted again =
      extracted(script("[ -e " + marker + " ] || { : >" + marker +
                       "; REALFACE_FAILPOINT=decoder.abort:videos exec " REALFACE_DECODER_CHILD "; }"));
  EXPECT_TRUE(std::filesystem::exists(marker));
  EXPECT_EQ(again.record.status, VideoStatus::ok);
  EXPECT_EQ(bytes_of(again), bytes_of(here));
  EXPECT_EQ(again.why, here.why);
}

TEST_F(CrashingVideo, HasAStatusAndNoFramesWhereItCrashesTwice) {
  const Failpoint abort("decoder.abort:c23/videos");
  const Extracted video = extracted(REALFACE_DECODER_CHILD);
  EXPECT_EQ(video.record.status, VideoStatus::crashed);
  EXPECT_TRUE(video.record.frames.empty());
  EXPECT_EQ(video.record.key, fake.key);
  EXPECT_EQ(video.record.source_sha256, sha256_file(fake.path));
  EXPECT_THAT(video.why, HasSubstr("its decoder died of signal 6 (Aborted), twice"));
}

TEST_F(CrashingVideo, LosesOnlyItsMasksWhereTheMaskCrashes) {
  const Failpoint abort("decoder.abort:masks/videos");
  const Extracted video = extracted(REALFACE_DECODER_CHILD);
  EXPECT_EQ(video.record.status, VideoStatus::ok);
  ASSERT_EQ(video.record.frames.size(), 6u);
  EXPECT_EQ(video.masks_missing, 6);
  EXPECT_EQ(video.record.mask_source, MaskSource::none);
  EXPECT_TRUE(video.record.frames[0].mask.empty());
  EXPECT_THAT(video.why, HasSubstr("its mask cannot be used"));
}

}  // namespace
}  // namespace realface::data::preprocess
