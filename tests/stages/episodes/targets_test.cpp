#include <gtest/gtest.h>

#include "base/error.h"
#include "data/loading/companion.h"
#include "distributed/self_communicator.h"
#include "models/layers/linear.h"
#include "stages/episodes/settings.h"
#include "tests/temporary_folder.h"

namespace realface::stages {
namespace {

TEST(Targets, GiveTheirLicencesToWhatLearnsFromThem) {
  const TemporaryFolder folder;
  const auto alone = distributed::make_self_communicator();
  models::Set set;
  set.add("mapping", {.module = std::make_shared<models::Linear>(2, 2), .source = "seed"});
  EpisodeSettings settings;
  settings.recovered = folder.path().string();
  EXPECT_THROW(take_licences_of_targets(settings, set, "mapping", *alone), DataError);
  data::CompanionFacts facts;
  facts.shape = {3, 2, 2}, facts.rows = 1;
  const std::set<std::string> licences{"CC-BY-NC-4.0 (mae.pth)"};
  const auto taken = [&](const nlohmann::json& said) {
    facts.settings = said;
    data::CompanionWriter::seal(folder.path(), facts);
    take_licences_of_targets(settings, set, "mapping", *alone);
    return set.entry("mapping").licences;
  };
  EXPECT_TRUE(taken(nlohmann::json()).empty());
  EXPECT_TRUE(taken({{"mode", "inpaint"}}).empty());
  EXPECT_EQ(taken({{"licences", licences}}), licences);
  EXPECT_EQ(set.entry("mapping").source, "seed");
}

}  // namespace
}  // namespace realface::stages
