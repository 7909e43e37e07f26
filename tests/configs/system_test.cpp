// What a system file says and how its entries meet, with a stage that refers to weights (tests/stages/toy).

#include <gmock/gmock.h>

#include "base/error.h"
#include "configs/load.h"
#include "configs/printer.h"
#include "configs/run_folder.h"
#include "tests/configs/scratch.h"

namespace realface::configs {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

class System : public Scratch {
 protected:
  System() {
    write("pretrain.yaml", "stage: pretrain\ntrain: {steps: 5}\n");
    write("toy.yaml", "stage: toy\ntoy: {width: 3}\ntrain: {steps: 7}\nweights: {teacher: pretrain}\n");
  }

  std::vector<Config> system(const std::string& text, const std::vector<std::string>& overrides = {}) {
    const auto file = write("all.yaml", text + "run.dir: out/all\ndata.shards: s\n");
    return load_system({file, overrides});
  }
  std::string fault(const std::string& text, const std::vector<std::string>& overrides = {}) {
    return message_of<ConfigError>([&] { system(text, overrides); });
  }
  static nlohmann::json value(const Config& config, const std::string& group, const std::string& key) {
    return to_json(config).at(group).at(key);
  }
};

TEST_F(System, EntriesHaveNamesAndMayRepeatAKind) {
  const auto stages =
      system("run: [pretrain.yaml, {name: first, file: toy.yaml}, {name: second, file: toy.yaml, toy.width: 5}]\n");
  ASSERT_EQ(stages.size(), 3U);
  EXPECT_EQ(stages[0].run.dir, "out/all/pretrain") << "without a name, the stage's";
  EXPECT_EQ(stages[1].run.dir, "out/all/first");
  EXPECT_EQ(stages[2].run.dir, "out/all/second");
  EXPECT_EQ(value(stages[1], "toy", "width"), 3) << "the file's";
  EXPECT_EQ(value(stages[2], "toy", "width"), 5) << "the entry's own";
}

TEST_F(System, TheLaterOfFileSharedEntryAndNamedOverrideWins) {
  const std::string text =
      "run: [{name: a, file: toy.yaml, weights.teacher: ''}, "
      "{name: b, file: toy.yaml, weights.teacher: '', toy.width: 6}]\n"
      "toy.width: 5\n";
  auto stages = system(text);
  EXPECT_EQ(value(stages[0], "toy", "width"), 5) << "shared, over the file's 3";
  EXPECT_EQ(value(stages[1], "toy", "width"), 6) << "the entry's, over the shared one";
  stages = system(text, {"b.toy.width=7", "train.steps=9"});
  EXPECT_EQ(value(stages[1], "toy", "width"), 7);
  EXPECT_EQ(value(stages[0], "toy", "width"), 5);
  EXPECT_EQ(value(stages[0], "train", "steps"), 9);
  stages = system(text, {"toy.width=8"});
  EXPECT_EQ(value(stages[0], "toy", "width"), 8);
  EXPECT_EQ(value(stages[1], "toy", "width"), 8) << "the command line's, over the entry's own";
  stages = system(text, {"toy.width=8", "b.toy.width=9"});
  EXPECT_EQ(value(stages[1], "toy", "width"), 9) << "what names the entry, over all";
}

// The second entry is named like a group of its keys.
TEST_F(System, ASharedKeyGoesToThoseThatKnowIt) {
  const auto stages = system("run: [pretrain.yaml, {name: toy, file: toy.yaml}]\ntoy.words: [x, y]\n");
  EXPECT_EQ(value(stages[1], "toy", "words"), nlohmann::json({"x", "y"}));
  EXPECT_FALSE(to_json(stages[0]).contains("toy"));
  EXPECT_THAT(fault("run: [{name: a, file: pretrain.yaml}]\n", {"a.tarin.steps=3"}),
              HasSubstr("did you mean 'a.train.steps'?"));
  EXPECT_THAT(fault("run: [pretrain.yaml]\ntoy.width: 3\n"), HasSubstr("knows the key 'toy.width'"));
  EXPECT_THAT(fault("run: [pretrain.yaml]\n", {"tarin.steps=3"}),
              AllOf(HasSubstr("knows the key 'tarin.steps'"), HasSubstr("did you mean 'train.steps'?")));
}

TEST_F(System, NamesMustBeFoldersOfTheirOwn) {
  EXPECT_THAT(fault("run: [pretrain.yaml, pretrain.yaml]\n"), HasSubstr("is the second entry named 'pretrain'"));
  EXPECT_THAT(fault("run: [{name: a/b, file: pretrain.yaml}]\n"), HasSubstr("'a/b' cannot be that of a folder"));
  EXPECT_THAT(fault("run: [{name: '..', file: pretrain.yaml}]\n"), HasSubstr("cannot be that of a folder"));
  EXPECT_THAT(fault("run: [{name: a}]\n"), HasSubstr("file"));
}

TEST_F(System, TheWorldIsThatOfTheFirstEntry) {
  EXPECT_THAT(fault("run: [pretrain.yaml, {name: toy, file: toy.yaml, world.threads: 2}]\n"),
              AllOf(HasSubstr("world.threads is 2 here"), HasSubstr("the world is joined once")));
  EXPECT_EQ(system("run: [pretrain.yaml, {name: toy, file: toy.yaml}]\nworld.threads: 2\n").size(), 2U);
}

TEST_F(System, AReferenceIsAnEarlierEntryAFinishedRunOrAFile) {
  EXPECT_EQ(value(system("run: [pretrain.yaml, toy.yaml]\n")[1], "weights", "teacher"), "out/all/pretrain");
  const auto wrong =
      AllOf(HasSubstr("weights.teacher is 'pretrain', which is none of these"), HasSubstr("give weights.teacher=RUN"));
  EXPECT_THAT(fault("run: [toy.yaml, pretrain.yaml]\n"), wrong) << "an entry that stands later";
  const auto toy = (folder_ / "toy.yaml").string();
  const auto alone = [&](const std::string& teacher) {
    return message_of<ConfigError>([&] { load({toy, {"run.dir=x", "data.shards=s", "weights.teacher=" + teacher}}); });
  };
  EXPECT_THAT(alone("pretrain"), wrong);
  std::filesystem::create_directories(folder_ / "run");
  EXPECT_THAT(alone((folder_ / "run").string()), HasSubstr("is no finished run"));
  write("run/finished.json", "{}");
  EXPECT_THAT(alone((folder_ / "run").string()), IsEmpty());
  EXPECT_THAT(alone(write("weights.safetensors", "x")), IsEmpty()) << "what is in it is for the stage to say";
  EXPECT_THAT(alone((folder_ / "none.safetensors").string()), HasSubstr("none.safetensors"));
}

TEST_F(System, ListsAndTablesAreReadOverriddenAndPrinted) {
  const auto file = write("toy2.yaml", "stage: toy\ntoy: {words: [one, 'two, three'], pairs: {x: y, 'a b': c}}\n");
  const std::vector<std::string> required{"run.dir=x", "data.shards=s"};
  auto config = load({file, required});
  EXPECT_EQ(value(config, "toy", "words"), nlohmann::json({"one", "two, three"}));
  EXPECT_EQ(value(config, "toy", "pairs"), (nlohmann::json{{"x", "y"}, {"a b", "c"}}));
  const auto again = load({write("printed.yaml", to_yaml(config)), {}});
  EXPECT_EQ(to_json(again), to_json(config));

  config = load({file, {"run.dir=x", "data.shards=s", "toy.words=[p, q]", "toy.pairs.x=z"}});
  EXPECT_EQ(value(config, "toy", "words"), nlohmann::json({"p", "q"}));
  EXPECT_EQ(value(config, "toy", "pairs"), (nlohmann::json{{"x", "z"}, {"a b", "c"}}));
  config = load({file, {"run.dir=x", "data.shards=s", "toy.words=single"}});
  EXPECT_EQ(value(config, "toy", "words"), nlohmann::json({"single"}));
}

TEST_F(System, RunsOfOtherKindsDifferInTheirStage) {
  const std::vector<std::string> required{"run.dir=x", "data.shards=s", "weights.teacher="};
  const auto toy = load({(folder_ / "toy.yaml").string(), required});
  const auto pretrain = load({(folder_ / "pretrain.yaml").string(), {"run.dir=x", "data.shards=s"}});
  EXPECT_THAT(differences(toy, pretrain), testing::ElementsAre("stage: toy there, pretrain here"));
  EXPECT_THAT(differences(pretrain, toy), testing::ElementsAre("stage: pretrain there, toy here"));
}

}  // namespace
}  // namespace realface::configs
