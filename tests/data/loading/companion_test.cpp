#include "data/loading/companion.h"

#include <c10/util/Half.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <numeric>

#include "base/error.h"
#include "data/shards/dataset.h"
#include "distributed/self_communicator.h"
#include "tests/data/shards/samples.h"
#include "tests/temporary_folder.h"

namespace realface::data {
namespace {
using ::testing::HasSubstr;

std::string message_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) { return error.what(); }
  return "nothing was thrown";
}

class CompanionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(folder_.path() / "shards");
    samples::write_dataset(folder_.path() / "shards", {.shards = 1, .videos_per_shard = 2, .frames = 3, .size = 64});
    const auto self = distributed::make_self_communicator();
    dataset_ = Dataset::open((folder_.path() / "shards").string(), {"all"}, *self);
    facts_ = {{3, 2, 4}, 6, "all", 1, dataset_->digest(), "abc", {}};
  }
  std::filesystem::path path() const { return folder_.path() / kCompanionFile; }
  static std::vector<uint16_t> values(uint16_t row) {
    std::vector<uint16_t> numbers(24);
    std::iota(numbers.begin(), numbers.end(), static_cast<uint16_t>(1 + 100 * row));
    return numbers;
  }
  void write_all() {
    CompanionWriter writer(folder_.path(), facts_);
    for (uint16_t row = 0; row < 6; ++row) { writer.write(row, values(row).data()); }
    writer.sync();
    CompanionWriter::seal(folder_.path(), facts_);
  }

  TemporaryFolder folder_;
  std::shared_ptr<const Dataset> dataset_;
  CompanionFacts facts_;
};

TEST_F(CompanionTest, RowsReadBackAndMirror) {
  write_all();
  const auto companion = Companion::open(folder_.path(), dataset_->digest());
  EXPECT_EQ(companion->shape(), facts_.shape);
  std::vector<uint16_t> row(24);
  companion->read(4, {}, 8, row.data());
  EXPECT_EQ(row, values(4));
  companion->read(4, {.flip = true}, 8, row.data());
  for (size_t i = 0; i < row.size(); ++i) { EXPECT_EQ(row[i], values(4)[i / 4 * 4 + 3 - i % 4]); }
}

TEST_F(CompanionTest, ACropOfARowIsThatOfItsPicture) {
  // A ramp to the right, 8 values for 32 pixels; of its pixels 8 to 24 each value stands for two.
  facts_.shape = {1, 8, 8};
  CompanionWriter writer(folder_.path(), facts_);
  std::vector<c10::Half> ramp(64);
  for (size_t i = 0; i < 64; ++i) { ramp[i] = static_cast<float>(i % 8); }
  writer.write(0, reinterpret_cast<const uint16_t*>(ramp.data()));
  CompanionWriter::seal(folder_.path(), facts_);
  const auto companion = Companion::open(folder_.path(), dataset_->digest());
  std::vector<c10::Half> row(64);
  for (const bool flip : {false, true}) {
    companion->read(0, {.flip = flip, .left = 8, .top = 3, .side = 16}, 32, reinterpret_cast<uint16_t*>(row.data()));
    for (size_t i = 0; i < 64; ++i) {
      const auto x = static_cast<double>(flip ? 7 - i % 8 : i % 8);
      EXPECT_NEAR(static_cast<float>(row[i]), 1.75 + x / 2, 2e-3) << i << " " << flip;
    }
  }
}

TEST_F(CompanionTest, WritersShareTheFileAndASecondOneGoesOn) {
  {
    CompanionWriter one(folder_.path(), facts_), two(folder_.path(), facts_);
    for (uint16_t row = 0; row < 4; ++row) { (row % 2 == 0 ? one : two).write(row, values(row).data()); }
  }
  CompanionWriter again(folder_.path(), facts_);
  for (uint16_t row = 3; row < 6; ++row) { again.write(row, values(row).data()); }
  CompanionWriter::seal(folder_.path(), facts_);
  const auto companion = Companion::open(folder_.path(), dataset_->digest());
  std::vector<uint16_t> row(24);
  for (uint16_t i = 0; i < 6; ++i) {
    companion->read(i, {}, 8, row.data());
    EXPECT_EQ(row, values(i)) << i;
  }
}

TEST_F(CompanionTest, IsRefusedUnlessSealedAndOfThisDataset) {
  CompanionWriter writer(folder_.path(), facts_);
  EXPECT_THAT(message_of([&] { (void)Companion::open(folder_.path(), dataset_->digest()); }),
              HasSubstr("holds no companion.json"));
  facts_.dataset_digest = "another";
  CompanionWriter::seal(folder_.path(), facts_);
  EXPECT_THAT(message_of([&] { (void)Companion::open(folder_.path(), dataset_->digest()); }),
              HasSubstr("another dataset"));
  facts_.rows = 7;
  EXPECT_THAT(message_of([&] { CompanionWriter(folder_.path(), facts_); }), HasSubstr("bytes; expected"));
}

TEST_F(CompanionTest, EmptyAndDamagedRowsAreTold) {
  write_all();
  {
    std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(2 * facts_.row_bytes() + 5));
    file.put('\x7f');
    const std::string nothing(facts_.row_bytes(), '\0');
    file.seekp(static_cast<std::streamoff>(3 * facts_.row_bytes()));
    file.write(nothing.data(), static_cast<std::streamsize>(nothing.size()));
  }
  const auto companion = Companion::open(folder_.path(), dataset_->digest());
  std::vector<uint16_t> row(24);
  EXPECT_THAT(message_of([&] { companion->read(2, {}, 8, row.data()); }), HasSubstr("row 2 is damaged"));
  EXPECT_THAT(message_of([&] { companion->read(3, {}, 8, row.data()); }), HasSubstr("row 3 is empty"));
  std::filesystem::resize_file(path(), 100);
  EXPECT_THAT(message_of([&] { (void)Companion::open(folder_.path(), dataset_->digest()); }),
              HasSubstr("is missing or not of"));
}

}  // namespace
}  // namespace realface::data
