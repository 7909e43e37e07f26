// What a protocol trains, and that no training sees what it is not to see.

#include "configs/protocol.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>

#include <set>

#include "base/error.h"
#include "configs/cell.h"
#include "configs/printer.h"
#include "configs/run_folder.h"
#include "configs/tested.h"
#include "tests/configs/scratch.h"

namespace realface::configs {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class ProtocolTest : public Scratch {
 protected:
  ProtocolTest() {
    write("pretrain.yaml", "stage: pretrain\ntrain: {steps: 5}\n");
    write("composite.yaml", "stage: composite\nweights: {mae: pretrain}\n");
    write("finetune.yaml", "stage: finetune\nweights: {mae: pretrain}\n");
    write("mapping.yaml", "stage: mapping\nweights: {recovered: composite, mae: pretrain}\nmeta: {test: 1}\n");
    write("evaluate.yaml", "stage: evaluate\nweights: {vit: finetune, mapping: mapping}\n");
    write("system.yaml", "run: [pretrain.yaml, composite.yaml, finetune.yaml, mapping.yaml, evaluate.yaml]\n");
  }

  /// A protocol file of three methods and two seeds; `more` are further lines.
  Protocol load_kind(const std::string& kind, const std::string& more = "", std::vector<std::string> overrides = {}) {
    const auto file =
        write("protocol.yaml", "protocol: " + kind + "\nsystem: system.yaml\nseeds: [3, 1]\nmethods: [A, B, C]\n" +
                                   "run.dir: out\ndata.shards: s\n" + more);
    return load_protocol({file, std::move(overrides)});
  }
  std::string fault(const std::string& kind, const std::string& more, std::vector<std::string> overrides = {}) {
    return message_of<ConfigError>([&] {
      const auto protocol = load_kind(kind, more, std::move(overrides));
      for (const auto& cell : cells_of(protocol)) { (void)load_cell(protocol, cell); }
    });
  }
  /// The file's own text.
  std::string fault_of(const std::string& text) {
    const auto file = write("wrong.yaml", text);
    return message_of<ConfigError>([&] { (void)load_protocol({file, {}}); });
  }
};

std::vector<std::string> texts_of(const std::vector<Cell>& cells) {
  std::vector<std::string> texts;
  for (const auto& cell : cells) {
    texts.push_back(fmt::format("{} {}: {}", cell.seed, cell.name, fmt::join(cell.trained_on, " ")));
  }
  return texts;
}

/// Of the fakes that a stage is trained on; the manipulations of all its streams.
std::set<std::string> methods_seen(const Config& config) {
  std::set<std::string> methods;
  for (const auto& stream : config.recipe->needs(config.seed, 1)) {
    if (stream.label == "real" || !stream.endless) { continue; }
    if (stream.methods.empty()) { methods.insert("any"); }
    methods.insert(stream.methods.begin(), stream.methods.end());
  }
  return methods;
}

TEST_F(ProtocolTest, ListsItsTrainings) {
  EXPECT_THAT(texts_of(cells_of(load_kind("leave-one-out"))),
              ElementsAre("3 A: B C", "3 B: A C", "3 C: A B", "1 A: B C", "1 B: A C", "1 C: A B"));
  EXPECT_THAT(texts_of(cells_of(load_kind("cross-manipulation"))),
              ElementsAre("3 A: A", "3 B: B", "3 C: C", "1 A: A", "1 B: B", "1 C: C"));
  EXPECT_THAT(texts_of(cells_of(load_kind("intra-dataset"))), ElementsAre("3 all: A B C", "1 all: A B C"));
  EXPECT_THAT(texts_of(cells_of(load_kind("cross-dataset"))), ElementsAre("3 all: A B C", "1 all: A B C"));
}

TEST_F(ProtocolTest, EveryStageSeesTheCellsMethodsAlone) {
  const auto protocol = load_kind("leave-one-out");
  for (const auto& cell : cells_of(protocol)) {
    const std::set<std::string> allowed(cell.trained_on.begin(), cell.trained_on.end());
    const auto entries = load_cell(protocol, cell);
    ASSERT_EQ(entries.size(), 5U);
    for (const auto& entry : entries) { EXPECT_EQ(entry.config.seed, cell.seed); }
    EXPECT_EQ(methods_seen(entries[0].config), std::set<std::string>());
    EXPECT_EQ(methods_seen(entries[2].config), allowed);
    EXPECT_EQ(methods_seen(entries[3].config), allowed);
  }
}

TEST_F(ProtocolTest, WhatDoesNotDependOnTheMethodsIsShared) {
  const auto protocol = load_kind("leave-one-out");
  const auto entries = load_cell(protocol, cells_of(protocol)[1]);
  std::vector<std::string> folders;
  for (const auto& entry : entries) { folders.push_back(entry.config.run.dir); }
  EXPECT_THAT(folders, ElementsAre("out/3/shared/pretrain", "out/3/shared/composite", "out/3/B/finetune",
                                   "out/3/B/mapping", "out/3/B/evaluate"));
  const auto weights = [&](size_t entry, const char* key) { return to_json(entries[entry].config)["weights"][key]; };
  EXPECT_EQ(weights(1, "mae"), "out/3/shared/pretrain");
  EXPECT_EQ(weights(2, "mae"), "out/3/shared/pretrain");
  EXPECT_EQ(weights(3, "recovered"), "out/3/shared/composite");
  EXPECT_EQ(weights(4, "vit"), "out/3/B/finetune");
  const auto other = load_cell(protocol, cells_of(protocol)[2]);
  EXPECT_EQ(to_yaml(entries[0].config), to_yaml(other[0].config)) << "or the folder would be of two configurations";
  EXPECT_EQ(to_yaml(entries[1].config), to_yaml(other[1].config));
}

TEST_F(ProtocolTest, ASingleTrainingSharesNothing) {
  const auto protocol = load_kind("intra-dataset");
  for (const auto& entry : load_cell(protocol, cells_of(protocol)[0])) {
    EXPECT_FALSE(entry.shared);
    EXPECT_TRUE(entry.config.run.dir.starts_with("out/3/all/")) << entry.config.run.dir;
  }
}

TEST_F(ProtocolTest, RefusesASystemThatWouldSeeTheLeftOut) {
  write("system.yaml",
        "run: [pretrain.yaml, {name: tuned, file: finetune.yaml}, "
        "{name: evaluate, file: evaluate.yaml, weights.vit: tuned, weights.mapping: ''}]\n");
  EXPECT_THAT(fault("leave-one-out", "tuned.train.methods: [A, B, C]\n"),
              AllOf(HasSubstr("entry tuned"), HasSubstr("'videos' holds fakes of A, but"), HasSubstr("of B, C alone")));
  EXPECT_THAT(fault("leave-one-out", "tuned.train.methods: []\n"), HasSubstr("fakes of all methods"));
  EXPECT_THAT(fault("leave-one-out", "train.methods: [B]\n"), HasSubstr("the protocol sets this key"));
  for (const auto* kind : {"leave-one-out", "intra-dataset"}) {
    EXPECT_THAT(fault(kind, "tuned.train.methods: [B]\n"), HasSubstr("remove tuned.train.methods")) << "fewer, too";
  }
  EXPECT_THAT(fault("leave-one-out", "evaluate.select: val\n"), HasSubstr("chooses checkpoints by fakes of all"));
  EXPECT_EQ(fault("leave-one-out", ""), "");
}

/// A finished run elsewhere, whose weights a stage begins with.
TEST_F(ProtocolTest, LooksIntoRunsThatWeightsAreTakenFrom) {
  const auto run = (folder_ / "before").string();
  auto config = load({write("tuned.yaml", "stage: finetune\nweights: {mae: ''}\ntrain.methods: [B]\n"),
                      {"run.dir=" + run, "data.shards=s"}});
  claim_run_folder(config);
  mark_finished(config, "a version");
  std::filesystem::create_directories(run + "/checkpoints");
  write("system.yaml",
        "run: [{name: first, file: finetune.yaml, weights.mae: ''}, {name: evaluate, file: evaluate.yaml, "
        "weights.vit: '" +
            run + "', weights.mapping: ''}]\n");
  EXPECT_THAT(fault("leave-one-out", ""), AllOf(HasSubstr(run), HasSubstr("holds fakes of B, but")));
  EXPECT_THAT(fault("intra-dataset", ""), Not(HasSubstr("holds fakes")));
}

TEST_F(ProtocolTest, RefusesARunWhoseOwnWeightsAreGone) {
  const auto run = (folder_ / "before").string(), first = (folder_ / "first").string();
  write("first/finished.json", "{}");
  const auto config =
      load({write("tuned.yaml", "stage: finetune\nweights: {mae: " + first + "}\ntrain.methods: [B, C]\n"),
            {"run.dir=" + run, "data.shards=s"}});
  claim_run_folder(config);
  mark_finished(config, "a version");
  std::filesystem::remove_all(first);
  write("system.yaml",
        "run: [{name: first, file: finetune.yaml, weights.mae: ''}, {name: evaluate, file: evaluate.yaml, "
        "weights.vit: '" +
            run + "', weights.mapping: ''}]\n");
  EXPECT_THAT(fault("leave-one-out", ""), HasSubstr("'" + first + "', which is no run folder and no file"));
}

TEST_F(ProtocolTest, SaysWhatIsWrong) {
  EXPECT_THAT(fault("leave-one-out", "", {"seeds=[1,2,1]"}), HasSubstr("seeds names 1 twice"));
  EXPECT_THAT(fault("leave-one-out", "", {"methods=[A,B,A]"}), HasSubstr("methods names A twice"));
  EXPECT_THAT(fault("leave-one-out", "", {"methods=[A]"}), HasSubstr("needs two at least"));
  EXPECT_THAT(fault("leave-one-out", "", {"methods=[A,shared]"}), HasSubstr("'shared' cannot be the name"));
  EXPECT_THAT(fault("leave-one-out", "", {"seeds=[1,x]"}), HasSubstr("seeds holds 'x'"));
  EXPECT_THAT(fault("leave-one-out", "seed: 4\n"), HasSubstr("trains with each of seeds"));
  EXPECT_THAT(fault("leave-two-out", ""), HasSubstr("did you mean 'leave-one-out'?"));
  EXPECT_THAT(fault("cross-dataset", ""), HasSubstr("'evaluate' has no data.sets"));
  EXPECT_THAT(fault("leave-one-out", "tarin.steps: 3\n"), HasSubstr("did you mean 'train.steps'?"));
  EXPECT_THAT(fault_of("protocol: leave-one-out\n"),
              AllOf(HasSubstr("system is not set"), HasSubstr("seeds is not set"), HasSubstr("run.dir is not set")));
  EXPECT_THAT(fault("leave-one-out", "", {"system=nowhere.yaml"}), HasSubstr("nowhere.yaml"));
  write("system.yaml", "run: [pretrain.yaml]\n");
  EXPECT_THAT(fault("leave-one-out", ""), HasSubstr("no stage of this system learns from fakes"));
  write("system.yaml", "run: [pretrain.yaml, finetune.yaml]\n");
  EXPECT_THAT(fault("leave-one-out", ""), HasSubstr("no entry of `stage: evaluate`"));
}

std::vector<std::string> texts_of(const std::vector<stages::TestBlock>& blocks) {
  std::vector<std::string> texts;
  for (const auto& block : blocks) {
    std::string text;
    for (const auto& test : block) {
      text += fmt::format("{}>{}/{}{} ", test.cell, test.set, test.method, test.in_mean ? "*" : "");
    }
    texts.push_back(text);
  }
  return texts;
}

TEST_F(ProtocolTest, ListsItsTests) {
  const auto tests = [&](const std::string& kind, const std::string& more) {
    const auto protocol = load_kind(kind, more, {"methods=[A,B]"});
    return texts_of(tests_of(protocol, load_cell(protocol, cells_of(protocol)[0]).back().config));
  };
  EXPECT_THAT(tests("leave-one-out", ""), ElementsAre("A>test/A* B>test/B* "));
  EXPECT_THAT(tests("leave-one-out", "data.sets: {x: s, y: t}\n"), ElementsAre("A>x/A* B>x/B* ", "A>y/A* B>y/B* "));
  EXPECT_THAT(tests("cross-manipulation", ""), ElementsAre("A>test/A A>test/B* ", "B>test/A* B>test/B "));
  EXPECT_THAT(tests("cross-manipulation", "data.sets: {x: s, y: t}\n"), ElementsAre("A>x/* A>y/* ", "B>x/* B>y/* "));
  EXPECT_THAT(tests("intra-dataset", ""), ElementsAre("all>test/ all>test/A all>test/B "));
  EXPECT_THAT(tests("cross-dataset", "data.sets: {x: s, y: t}\n"), ElementsAre("all>x/* all>y/* "));
}

}  // namespace
}  // namespace realface::configs
