#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "data/importers/dfdc_labels.h"
#include "tests/data/importers/trees.h"
#include "tests/temporary_folder.h"

namespace realface::data::importers {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

class DfdcImporter : public testing::Test {
 protected:
  DfdcImporter() {
    folder.write("dfdc_train_part_0/fake.mp4");
    folder.write("dfdc_train_part_0/metadata.json",
                 R"({"fake.mp4": {"label": "FAKE", "split": "train", "original": "real.mp4"},
                     "gone.mp4": {"label": "FAKE", "split": "train", "original": "real.mp4"}})");
    folder.write("dfdc_train_part_1/real.mp4");
    folder.write("dfdc_train_part_1/metadata.json", R"({"real.mp4": {"label": "REAL", "split": "train"}})");
    folder.write("test/one.mp4");
    folder.write("test/two.mp4");
    folder.write("test/labels.csv", "filename,label\none.mp4,1\ntwo.mp4,0");
  }
  Listing import(const ImportOptions& options = {}) { return import_dataset("dfdc", folder.path(), options); }

  TemporaryFolder folder;
};

TEST_F(DfdcImporter, TakesLabelsAndSplitsFromThePartsAndFindsOriginalsInOtherParts) {
  const auto listing = import();
  ASSERT_EQ(listing.sources.size(), 4u);
  const Source& fake = source_of(listing, "dfdc/DFDC/unknown/fake");
  EXPECT_EQ(fake.label, 1);
  EXPECT_EQ(fake.split, "train");
  EXPECT_THAT(fake.original_path, EndsWith("dfdc_train_part_1/real.mp4"));
  const Source& real = source_of(listing, "dfdc/original/unknown/real");
  EXPECT_EQ(real.label, 0);
  EXPECT_EQ(real.group, fake.group);
  EXPECT_EQ(real.original_path, "");
  EXPECT_EQ(source_of(listing, "dfdc/DFDC/unknown/one").split, "test");
  EXPECT_EQ(source_of(listing, "dfdc/original/unknown/two").label, 0);
}

TEST_F(DfdcImporter, ListsWhatItCannotPlaceAndWhatIsAbsent) {
  folder.write("dfdc_train_part_0/other.mp4");
  folder.write("test_videos/a.mp4");
  folder.write("dfdc_train_part_0/real.mp4");
  folder.write("validation/labels.csv", "filename,label\nv.mp4,1\n");
  folder.write("validation/v.mp4");
  folder.write("validation/v.avi");
  const auto listing = import();
  EXPECT_THAT(reason_for(listing, "gone.mp4"), HasSubstr("named by metadata.json but absent"));
  EXPECT_THAT(reason_for(listing, "other.mp4"), HasSubstr("is not in metadata.json"));
  EXPECT_THAT(reason_for(listing, "a.mp4"), HasSubstr("no metadata.json or labels.csv"));
  EXPECT_EQ(splits_of(listing).at("dfdc/DFDC/unknown/v"), "val");
}

TEST_F(DfdcImporter, TakesAVideoOfOneNameOnce) {
  folder.write("train_sample_videos/real.mp4");
  folder.write("train_sample_videos/metadata.json", R"({"real.mp4": {"label": "REAL", "split": "train"}})");
  const auto listing = import();
  EXPECT_EQ(listing.sources.size(), 4u);
  EXPECT_THAT(reason_for(listing, "real.mp4"), HasSubstr("which is taken"));
}

TEST_F(DfdcImporter, TakesOnePartByItself) {
  const auto listing = import_dataset("dfdc", folder.path() / "test/", {});
  EXPECT_EQ(splits_of(listing).at("dfdc/DFDC/unknown/one"), "test");
}

TEST_F(DfdcImporter, RefusesListsThatAreDamaged) {
  folder.write("test/labels.csv", "filename,label\none.mp4,1\ntwo.mp4");
  EXPECT_THAT(import_failure("dfdc", folder.path()), HasSubstr("labels.csv:3]"));
  folder.write("test/labels.csv", "filename,label\none.mp4,yes\n");
  EXPECT_THAT(import_failure("dfdc", folder.path()), HasSubstr("labels.csv:2]"));
  folder.write("test/labels.csv", "one.mp4,1\n");
  EXPECT_THAT(import_failure("dfdc", folder.path()), HasSubstr("a header with the columns"));
  folder.write("test/labels.csv", "");
  EXPECT_THAT(import_failure("dfdc", folder.path()), HasSubstr("is empty"));
  folder.write("test/labels.csv", "filename,label\none.mp4,1\ntwo.mp4,0");
  folder.write("dfdc_train_part_1/metadata.json", R"({"real.mp4": {"label": "REAL", "sp)");
  EXPECT_THAT(import_failure("dfdc", folder.path()), HasSubstr("dfdc_train_part_1/metadata.json] is not a list"));
  folder.write("dfdc_train_part_1/metadata.json", R"({"real.mp4": {"label": "MAYBE"}})");
  EXPECT_THAT(import_failure("dfdc", folder.path()), HasSubstr("gives real.mp4 no label"));
}

TEST_F(DfdcImporter, RefusesAFolderThatIsNoSuchTree) {
  TemporaryFolder other;
  other.write("x.mp4");
  EXPECT_THAT(import_failure("dfdc", other.path()), HasSubstr("is not a DFDC tree"));
}

TEST(DfdcLabels, OfTheTestSetMaySayIsFake) {
  TemporaryFolder folder;
  const auto path = folder.write("metadata.json", R"({"a.mp4": {"is_fake": 1}, "b.mp4": {"is_fake": 0}})");
  const auto labels = read_dfdc_metadata(path);
  ASSERT_EQ(labels.size(), 2u);
  EXPECT_EQ(labels[0].label, 1);
  EXPECT_EQ(labels[1].label, 0);
}

TEST(DfdcLabels, OfTheTrainingSetBeginWith632RealAnd3367FakeVideos) {
  const auto path = test_data("lists/dfdc_train_labels_head.csv");
  if (path.empty()) { GTEST_SKIP() << "no lists/ in REALFACE_TEST_DATA"; }
  std::map<std::string, int> splits;
  int fakes = 0;
  const auto labels = read_dfdc_labels(path);
  for (const auto& entry : labels) {
    fakes += entry.label;
    ++splits[entry.split];
  }
  EXPECT_EQ(labels.size(), 3999u);  // 4,000 lines with the header
  EXPECT_EQ(fakes, 3367);
  EXPECT_EQ(splits["train"], 3043);
  EXPECT_EQ(splits["val"], 836);
  EXPECT_EQ(splits["test"], 120);
}

TEST(DfdcImporterOnRealData, SaysThatTheOriginalsAreAbsent) {
  const auto root = test_data("dfdc");
  if (root.empty()) { GTEST_SKIP() << "no dfdc/ in REALFACE_TEST_DATA"; }
  const auto listing = import_dataset("dfdc", root, {});
  ASSERT_EQ(listing.sources.size(), 3u);
  for (const auto& source : listing.sources) {
    EXPECT_EQ(source.label, 1);
    EXPECT_EQ(source.split, "train");
    EXPECT_EQ(source.original_path, "");
  }
}

class DfdcPreviewImporter : public testing::Test {
 protected:
  DfdcPreviewImporter() {
    folder.write("original_videos/1/1_A_001.mp4");
    folder.write("method_A/1/1_A_001.mp4");
    folder.write("method_B/2/x.mp4");
    list(R"({"original_videos/1/1_A_001.mp4": {"label": "real", "set": "train", "target_id": 1, "swapped_id": null},
             "method_A/1/1_A_001.mp4": {"label": "fake", "set": "train", "target_id": 1, "swapped_id": 2},
             "method_B/2/x.mp4": {"label": "fake", "set": "test"}})");
  }
  void list(const std::string& text) { folder.write("dataset.json", text); }
  Listing import() { return import_dataset("dfdcp", folder.path(), {}); }

  TemporaryFolder folder;
};

TEST_F(DfdcPreviewImporter, TakesLabelsAndSplitsFromTheListAndMethodsFromFolders) {
  const auto listing = import();
  ASSERT_EQ(listing.sources.size(), 3u);
  EXPECT_TRUE(listing.unplaced.empty());
  const Source& fake = source_of(listing, "dfdc-preview/method_A/unknown/1/1_A_001");
  EXPECT_EQ(fake.label, 1);
  EXPECT_EQ(fake.manip, "method_A");
  EXPECT_EQ(fake.identity, 1);
  EXPECT_EQ(fake.partner, 2);
  EXPECT_EQ(fake.group, source_of(listing, "dfdc-preview/original_videos/unknown/1/1_A_001").group);
  EXPECT_EQ(source_of(listing, "dfdc-preview/method_B/unknown/2/x").split, "test");
}

TEST_F(DfdcPreviewImporter, ListsWhatItCannotPlaceAndWhatIsAbsent) {
  folder.write("method_A/new.mp4");
  list(R"({"original_videos/1/1_A_001.mp4": {"label": "fake", "set": "train"},
           "method_A/gone.mp4": {"label": "fake", "set": "train"},
           "method_B/2/x.mp4": {"label": "fake", "set": "test"}})");
  const auto listing = import();
  EXPECT_EQ(listing.sources.size(), 1u);
  EXPECT_THAT(reason_for(listing, "gone.mp4"), HasSubstr("dataset.json but absent"));
  EXPECT_THAT(reason_for(listing, "new.mp4"), HasSubstr("is not in dataset.json"));
  EXPECT_THAT(listing.unplaced[1].why + listing.unplaced[0].why, HasSubstr("calls it fake, but it lies in original"));
}

TEST_F(DfdcPreviewImporter, RefusesAListThatIsDamaged) {
  list("[1, 2]");
  EXPECT_THAT(import_failure("dfdc-preview", folder.path()), HasSubstr("is not a list of videos"));
  list(R"({"method_B/2/x.mp4": {"label": "fake"}})");
  EXPECT_THAT(import_failure("dfdc-preview", folder.path()), HasSubstr("describes method_B/2/x.mp4"));
}

}  // namespace
}  // namespace realface::data::importers
