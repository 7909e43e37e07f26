// Restoring faces part by part: what is copied, what is predicted, and the companion file at 1, 2 and 3 ranks.

#include "stages/composite/stage.h"

#include <ATen/Parallel.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sha256.h"
#include "data/shards/dataset.h"
#include "data/shards/manifest.h"
#include "distributed/agreement.h"
#include "distributed/self_communicator.h"
#include "stages/run.h"
#include "tests/data/shards/samples.h"
#include "tests/mpi_world.h"
#include "tests/stages/on_device.h"

namespace realface::stages {
namespace {

distributed::World& world() { return realface::testing::mpi_world(); }

CompositeConfig small_composite() {
  CompositeConfig config;
  config.mae = "unused";
  config.model = {.image = 64, .patch = 8, .width = 16, .depth = 1, .heads = 2};
  config.model.decoder_width = 16, config.model.decoder_depth = 1, config.model.decoder_heads = 2;
  config.mask.kind = "part";
  config.mask.ratio = 0.5;
  config.block = 5;  // does not divide the faces
  return config;
}

std::shared_ptr<models::MaskedAutoencoder> network(const CompositeConfig& config) {
  auto mae = models::make_autoencoder(config.model, 3);
  mae->to(world().device());
  return mae;
}

class Inpainting : public ::testing::Test {
 protected:
  torch::Tensor patches_of(const torch::Tensor& faces) const { return models::patchify(faces, 8); }
  CompositeConfig config_ = small_composite();
  std::shared_ptr<models::MaskedAutoencoder> network_ = network(config_);
  Normaliser pixels_{"imagenet", 8, world().device()};
  torch::Tensor images_ = at::randint(256, {2, 64, 64, 3}, torch::kUInt8).to(world().device());
};

TEST_F(Inpainting, CopiesWhatNoPassHidAndAveragesWhatSeveralDid) {
  const torch::NoGradGuard no_grad;
  auto masks = at::zeros({2, 3, 64}, torch::kBool);
  masks[0][0][5] = masks[0][1][5] = true;  // twice hidden
  masks[0][2][6] = true;
  masks[1][1][40] = true;
  masks = masks.to(world().device());
  const auto faces = patches_of(inpaint(*network_, pixels_, images_, masks, 64));
  const auto originals = patches_of(images_).to(torch::kFloat32) / 255;
  const auto hidden = masks.any(1);
  EXPECT_LT(((faces - originals).abs().amax(-1) * hidden.logical_not()).max().item<double>(), 1e-5);
  const auto alone = [&](int64_t pass) {  // the prediction of one pass, unclamped
    const auto visible = models::visible_tokens(masks.select(1, pass), 64, false);
    return pixels_.unit(network_->forward(pixels_.patches(images_), visible));
  };
  const auto twice = ((alone(0) + alone(1)) / 2).clamp(0, 1)[0][5], once = alone(2).clamp(0, 1)[0][6];
  EXPECT_LT((faces[0][5] - twice).abs().max().item<double>(), 1e-4);
  EXPECT_LT((faces[0][6] - once).abs().max().item<double>(), 1e-4);
}

TEST_F(Inpainting, ShrinkingTakesMeansOfSquares) {
  const auto faces = images_.to(torch::kFloat32) / 255;
  const auto small = shrunk(faces, 4);
  ASSERT_EQ(small.sizes(), (std::vector<int64_t>{2, 3, 16, 16}));
  const auto mean = faces[1].slice(0, 8, 12).slice(1, 20, 24).mean(c10::IntArrayRef{0, 1});
  EXPECT_LT((small[1].select(1, 2).select(1, 5).to(torch::kFloat32) - mean).abs().max().item<double>(), 1e-3);
}

/// The stage over a dataset of 24 faces, into a folder of this world's.
std::string companion_digest(const CompositeConfig& config, const std::filesystem::path& folder,
                             const std::string& shards, int64_t stop_after) {
  const CompositeRecipe recipe(config);
  data::DataConfig data_config;
  data_config.shards = shards;
  for (const bool again : {false, true}) {  // stopped once and begun again in the middle, unless stop_after is 0
    if (again && stop_after == 0) { break; }
    models::Set set;
    set.add("mae", {.module = network(config), .frozen = true});
    const auto data = data::open(data_config, recipe.needs(1, world().size()), world());
    if (again) {
      auto values = data->parts().front()->values();
      values["position"] = stop_after * config.block * world().size();
      data->parts().front()->restore(values);
    }
    Composite stage(config, {world(), set, *data, data_config, folder, 1});
    if (!again && stop_after > 0) {
      for (int64_t i = 0; i < stop_after; ++i) { stage.step(*data->next()); }
    } else {
      EXPECT_EQ(run(stage, *data, world(), {}), Ending::finished);
    }
  }
  world().host_group().barrier()->wait();
  return hex(sha256_file((folder / data::kCompanionFile).string()));
}

/// A folder that rank 0 makes for all, with shards of 24 faces, four of each video, and some empty folders.
class CompositeFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    at::set_num_threads(1);
    if (world().rank() == 0) {
      own_ = std::make_unique<TemporaryFolder>();
      for (const auto* name : {"shards", "whole", "stopped", "alone"}) {
        std::filesystem::create_directory(own_->path() / name);
      }
      data::samples::write_dataset(own_->path() / "shards",
                                   {.shards = 2, .videos_per_shard = 3, .frames = 4, .size = 64});
    }
    folder_ = distributed::broadcast_string(world().host_group(), own_ ? own_->path().string() : "");
    shards_ = (folder_ / "shards").string();
  }
  void TearDown() override { world().host_group().barrier()->wait(); }

  std::unique_ptr<TemporaryFolder> own_;
  std::filesystem::path folder_;
  std::string shards_;
};

/// What a world of one writes, without a stage: blocks of five consecutive faces.
std::string alone(const std::filesystem::path& folder, const std::string& shards) {
  const torch::NoGradGuard no_grad;
  const auto config = small_composite();
  const auto self = distributed::make_self_communicator();
  const auto dataset = data::Dataset::open(shards, {"all"}, *self);
  auto facts = data::Companion::facts_of(folder.parent_path() / "whole");
  data::CompanionWriter writer(folder, facts);
  const auto mae = network(config);
  const Normaliser pixels("imagenet", 8, world().device());
  for (int64_t first = 0; first < 24; first += 5) {
    std::vector<torch::Tensor> images, masks;
    int64_t visible = 0;
    for (int64_t i = first; i < first + 5; ++i) {
      const auto number = i % 24;  // the last block is padded by the first faces
      const auto video = static_cast<int>(number / 4), frame = static_cast<int>(number % 4);
      auto picture = data::samples::picture(video, frame, 64);
      images.push_back(torch::tensor(at::ArrayRef<uint8_t>(picture)).view({64, 64, 3}));
      const auto points = data::samples::landmarks(video, frame, 64);
      auto drawn =
          data::draw_passes(config.mask, 3, false, 8, 8, data::Landmarks(points), 1, static_cast<uint64_t>(number));
      masks.push_back(torch::tensor(at::ArrayRef<uint8_t>(drawn)).view({3, 64}).to(torch::kBool));
      visible = std::max(visible, 64 - masks.back().sum(1).min().item<int64_t>());
    }
    const auto rows =
        shrunk(inpaint(*mae, pixels, on_device(torch::stack(images)), on_device(torch::stack(masks)), visible), 4)
            .cpu();
    for (int64_t i = first; i < std::min<int64_t>(first + 5, 24); ++i) {
      writer.write(static_cast<uint64_t>(i), static_cast<const uint16_t*>(rows[i - first].const_data_ptr()));
    }
  }
  return hex(sha256_file((folder / data::kCompanionFile).string()));
}

TEST_F(CompositeFiles, AreTheSameBytesAtEveryWorldSizeAndAfterAStop) {
  const auto config = small_composite();
  const auto whole = companion_digest(config, folder_ / "whole", shards_, 0);
  EXPECT_EQ(companion_digest(config, folder_ / "stopped", shards_, 1), whole);
  if (world().rank() != 0) { return; }
  const auto facts = data::Companion::facts_of(folder_ / "whole");
  EXPECT_EQ(facts.rows, 24U);
  EXPECT_EQ(facts.shortest, 1);
  EXPECT_EQ(facts.dataset_digest, data::Manifest::load(shards_).digest());
  EXPECT_EQ(facts.weights_sha256, models::weights_sha256(*network(small_composite())));
  EXPECT_EQ(whole, alone(folder_ / "alone", shards_)) << "the bytes of a world of one";
}

CompositeConfig composite_of_clips() {
  auto config = small_composite();
  config.model.architecture = "video_mae";
  config.model.frames = 3;
  config.block = 3;
  return config;
}

/// A frame's row, written out: its clip by itself.
torch::Tensor row_of_clip(const CompositeConfig& config, int video, int start, int64_t t) {
  std::vector<torch::Tensor> frames;
  for (int frame = start; frame < start + config.model.frames; ++frame) {
    auto picture = data::samples::picture(video, frame, 64);
    frames.push_back(torch::tensor(at::ArrayRef<uint8_t>(picture)).view({64, 64, 3}));
  }
  const auto of = [&](int frame) { return data::samples::landmarks(video, frame, 64); };
  auto points = of(start), second = of(start + 1), third = of(start + 2);
  for (size_t i = 0; i < points.size(); ++i) {  // G11
    points[i] = std::max(std::min(points[i], second[i]), std::min(std::max(points[i], second[i]), third[i]));
  }
  auto drawn = data::draw_passes(config.mask, 3, false, 8, 8, data::Landmarks(points), 1,
                                 static_cast<uint64_t>(4 * video + start), config.model.cut().slots());
  const auto masks = torch::tensor(at::ArrayRef<uint8_t>(drawn)).view({1, 3, -1}).to(torch::kBool);
  const auto mae = network(config);
  const Normaliser pixels("imagenet", 8, world().device());
  const auto faces =
      inpaint(*mae, pixels, on_device(torch::stack(frames).unsqueeze(0)), on_device(masks), masks.size(2));
  return shrunk(faces, 4)[t].cpu();
}

TEST_F(CompositeFiles, OfClipsHoldEachFrameOnceFromItsNearestClip) {
  const torch::NoGradGuard no_grad;
  const auto config = composite_of_clips();
  const auto whole = companion_digest(config, folder_ / "whole", shards_, 0);
  EXPECT_EQ(companion_digest(config, folder_ / "stopped", shards_, 1), whole);
  if (world().rank() != 0) { return; }
  EXPECT_EQ(data::Companion::facts_of(folder_ / "whole").shortest, 3);
  const auto companion = data::Companion::open(folder_ / "whole", data::Manifest::load(shards_).digest());
  for (int frame = 0; frame < 24; ++frame) {
    auto row = torch::empty({3, 16, 16}, torch::kFloat16);
    companion->read(static_cast<uint64_t>(frame), {}, 64, static_cast<uint16_t*>(row.mutable_data_ptr()));
    const int start = frame % 4 < 2 ? 0 : 1;  // clips of frames 0 to 2 and 1 to 3
    const auto expected = row_of_clip(config, frame / 4, start, frame % 4 - start);
    EXPECT_LT((row - expected).abs().max().item<double>(), 2e-3) << frame;
  }
}

}  // namespace
}  // namespace realface::stages
