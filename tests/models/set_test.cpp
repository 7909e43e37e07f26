#include "models/set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/nn/modules/batchnorm.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "models/layers/batch_norm.h"
#include "models/layers/linear.h"

namespace realface::models {
namespace {

std::shared_ptr<Linear> filled(double value) {
  auto layer = std::make_shared<Linear>(3, 2);
  const torch::NoGradGuard no_grad;
  for (auto& parameter : layer->parameters()) { parameter.fill_(value); }
  return layer;
}

/// The part of a set's only network.
Part& only_part(Set& set) {
  const auto parts = set.parts();
  EXPECT_EQ(parts.size(), 1u);
  return *parts.at(0);
}

/// A set of one frozen network, "judge".
Set frozen(double value, const std::string& source) {
  Set set;
  set.add("judge", {filled(value), true, source});
  return set;
}

TEST(Set, ATrainedNetworkHasAPartOfItsLiveTensors) {
  Set set;
  const auto layer = filled(1);
  set.add("net", {layer, false, "seed"});
  auto& part = only_part(set);
  EXPECT_EQ(part.part_name(), "model.net");
  const auto slices = part.tensors();
  ASSERT_EQ(slices.size(), 2u);
  EXPECT_EQ(slices[0].name, "bias");
  EXPECT_EQ(slices[1].name, "weight");
  EXPECT_EQ(slices[1].global_shape, (std::vector<int64_t>{2, 3}));
  slices[1].tensor.fill_(5);  // as a resume does
  EXPECT_EQ(layer->named_parameters()["weight"].sum().item<float>(), 30.0f);
  EXPECT_EQ(&only_part(set), &part);
}

TEST(Set, AFrozenNetworkHasAPartOfItsDigestAndSourceWithoutTensors) {
  auto set = frozen(2, "file");
  auto& part = only_part(set);
  EXPECT_EQ(part.part_name(), "frozen.judge");
  EXPECT_TRUE(part.tensors().empty());
  EXPECT_EQ(part.values().at("sha256"), weights_sha256(*filled(2)));
  EXPECT_EQ(part.values().at("source"), "file");
  EXPECT_EQ(set.sha256("judge"), weights_sha256(*filled(2)));
}

TEST(Set, ARunGoesOnOnlyWithTheFrozenWeightsThatItHad) {
  auto first = frozen(2, "here.safetensors");
  const auto kept = only_part(first).values();

  auto same = frozen(2, "moved.safetensors");
  EXPECT_NO_THROW(only_part(same).restore(kept));
  EXPECT_EQ(same.entry("judge").source, "moved.safetensors");

  auto other = frozen(3, "other.safetensors");
  try {
    only_part(other).restore(kept);
    FAIL() << "other weights were taken";
  } catch (const CheckpointError& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::config);
    for (const std::string& said : {std::string("'judge'"), weights_sha256(*filled(2)), weights_sha256(*filled(3)),
                                    std::string("here.safetensors"), std::string("other.safetensors")}) {
      EXPECT_THAT(error.what(), testing::HasSubstr(said));
    }
  }
  EXPECT_THROW(only_part(other).restore(nlohmann::json::object()), CheckpointError);  // it does not say: not the same
}

TEST(Set, TheDigestOfAFrozenNetworkIsComputedAgainOnceItsSourceIsNoted) {
  auto set = frozen(2, "drawn");
  const auto before = only_part(set).values().at("sha256");
  {
    const torch::NoGradGuard no_grad;
    set.entry("judge").module->parameters()[0].fill_(4);
  }
  EXPECT_EQ(set.sha256("judge"), before);  // computed once: a frozen network may be large
  set.note_source("judge", "file");
  EXPECT_EQ(only_part(set).values().at("sha256"), weights_sha256(*set.entry("judge").module));
  EXPECT_NE(set.sha256("judge"), before);
}

TEST(Set, EveryPartSaysWhatItsNetworkIs) {
  const nlohmann::json description = {{"architecture", "linear"}, {"width", 3}};
  Set set;
  set.add("net", {.module = filled(1), .description = description});
  set.add("judge", {.module = filled(1), .frozen = true, .description = description});
  set.add("plain", {.module = filled(1)});
  const auto parts = set.parts();
  ASSERT_EQ(parts.size(), 3u);
  for (const auto* part : parts) {
    const bool described = part->part_name() != "model.plain";
    EXPECT_EQ(part->values().at("description"), described ? description : nlohmann::json()) << part->part_name();
  }
}

TEST(Set, RunningStatisticsThatAForwardPassWritesAreRefusedInANetworkToBeTrained) {
  const auto torchs = std::make_shared<torch::nn::BatchNorm2dImpl>(torch::nn::BatchNorm2dOptions(3));
  Set set;
  EXPECT_NO_THROW(set.add("judge", {.module = torchs, .frozen = true}));
  EXPECT_NO_THROW(set.add("net", {.module = std::make_shared<BatchNorm>(3)}));
  try {
    set.add("other", {.module = torchs});
    FAIL() << "torch's batch normalisation was taken";
  } catch (const Error& error) { EXPECT_THAT(error.what(), testing::HasSubstr("running_mean")); }
}

TEST(Set, WhereANetworkCameFromIsKeptInItsCheckpoints) {
  Set first;
  first.add("net", {filled(1), false, "seed"});
  Part* part = first.parts()[0];
  first.note_source("net", "file");
  const Set moved = std::move(first);
  const auto kept = part->values();

  Set second;
  second.add("net", {filled(1), false, "seed"});
  second.parts()[0]->restore(kept);
  EXPECT_EQ(second.entry("net").source, "file");
  second.parts()[0]->restore(nlohmann::json::object());  // a checkpoint that does not say
  EXPECT_EQ(second.entry("net").source, "file");
  EXPECT_THROW(second.note_source("mae", "file"), Error);
}

TEST(Set, WhatIsTrainedBesideFrozenNetworksHasTheirLicences) {
  Set set;
  set.add("net", {.module = filled(1)});
  set.add("judge", {.module = filled(2), .frozen = true});
  set.note_source("judge", "file", {"CC-BY-NC-4.0 (mae.pth)"});
  set.add("later", {.module = filled(1), .licences = {"MIT (own.pth)"}});
  const std::set<std::string> judges{"CC-BY-NC-4.0 (mae.pth)"};
  EXPECT_EQ(set.entry("net").licences, judges);
  EXPECT_EQ(set.entry("later").licences, (std::set<std::string>{"CC-BY-NC-4.0 (mae.pth)", "MIT (own.pth)"}));
  set.note_source("net", "file", {"BSD (cnn.pth)"});
  EXPECT_EQ(set.entry("judge").licences, judges);  // it learned nothing

  for (auto* part : set.parts()) { EXPECT_THAT(part->values().at("licences").dump(), testing::HasSubstr("CC-BY-NC")); }
  Set resumed;
  resumed.add("net", {.module = filled(1), .licences = {"MIT (own.pth)"}});
  resumed.parts()[0]->restore(set.parts()[2]->values());
  EXPECT_EQ(resumed.entry("net").licences,
            (std::set<std::string>{"BSD (cnn.pth)", "CC-BY-NC-4.0 (mae.pth)", "MIT (own.pth)"}));
}

TEST(Set, AnUnknownNameListsTheKnownAndAWrongTypeIsRefused) {
  Set set;
  set.add("net", {filled(1), false, ""});
  EXPECT_NE(set.get<Linear>("net"), nullptr);
  EXPECT_THROW(set.get<LayerNorm>("net"), Error);
  EXPECT_THROW(set.add("net", {filled(1), false, ""}), Error);
  try {
    set.entry("mae");
    FAIL() << "an unknown name was found";
  } catch (const Error& error) { EXPECT_NE(std::string(error.what()).find("it has: net"), std::string::npos); }
}

TEST(WeightsSha256, ChangesWithAnyBitNameAndShape) {
  const auto digest = weights_sha256(*filled(1));
  EXPECT_EQ(digest.size(), 64u);
  EXPECT_EQ(digest, weights_sha256(*filled(1)));
  const auto other = filled(1);
  {
    const torch::NoGradGuard no_grad;
    other->named_parameters()["weight"][1][2] = std::nextafter(1.0f, 2.0f);
  }
  EXPECT_NE(digest, weights_sha256(*other));
  EXPECT_NE(weights_sha256(Linear(2, 3)), weights_sha256(Linear(3, 2)));
  EXPECT_NE(weights_sha256(LayerNorm(3)), weights_sha256(LayerNorm(2)));
}

TEST(WeightsSha256, IsTheSameWhateverTheOrderOfRegistration) {
  torch::nn::Module a;
  a.register_parameter("x", torch::ones({2}));
  a.register_buffer("y", torch::zeros({3}));
  torch::nn::Module b;
  b.register_buffer("y", torch::zeros({3}));
  b.register_parameter("x", torch::ones({2}));
  EXPECT_EQ(weights_sha256(a), weights_sha256(b));
}

}  // namespace
}  // namespace realface::models
