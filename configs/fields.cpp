#include "configs/fields.h"

namespace realface::configs {
namespace {

constexpr double kMaxInt = 1 << 30;  // keeps every size that is computed from a key within 64 bits
constexpr double kMaxRate = 1e6;     // far above any use, and finite as fp32 whatever the batch

template <class Describe>
void group(Visitor& v, const std::string& name, const Describe& describe) {
  v.enter(name);
  describe();
  v.leave();
}

void run_fields(Visitor& v, RunConfig& c, stages::LoopConfig& loop) {
  v.field("dir", c.dir, {});
  v.field("stop_at", loop.stop_at, within(0, 1e12));
  v.field("nonfinite_limit", loop.nonfinite_limit, within(0, kMaxInt));
}

void world_fields(Visitor& v, distributed::WorldConfig& c) {
  v.field("device", c.device, {"auto", "cpu", "cuda"});
  v.field("threads", c.threads, within(0, 4096));
  v.field("deadline", c.deadline, above(0));
}

void data_fields(Visitor& v, data::DataConfig& c) {
  v.field("shards", c.shards, {});
  v.field("workers", c.workers, within(1, 1024));
  v.field("prefetch", c.prefetch, within(1, 1024));
  v.field("max_bad_share", c.max_bad_share, share());
  v.field("order", c.order, {"global", "window"});
  v.field("block_mb", c.block_mb, within(1, 4096));
  v.field("window_blocks", c.window_blocks, within(1, 1 << 20));
}

void model_fields(Visitor& v, models::MaeConfig& c, std::string& size, std::string& pixels) {
  const auto before = size;
  v.field("size", size, {"tiny", "small", "base", "large", "huge"});
  if (size != before) { c = models::mae_preset(size); }
  v.field("image", c.image, within(1, 8192));
  v.field("patch", c.patch, within(1, 1024));
  v.field("width", c.width, within(1, 65536));
  v.field("depth", c.depth, within(1, 1024));
  v.field("heads", c.heads, within(1, 1024));
  v.field("decoder_width", c.decoder_width, within(1, 65536));
  v.field("decoder_depth", c.decoder_depth, within(1, 1024));
  v.field("decoder_heads", c.decoder_heads, within(1, 1024));
  v.field("mlp_ratio", c.mlp_ratio, within(1, 64));
  v.field("norm_pix", c.norm_pix);
  v.field("pixels", pixels, {"imagenet", "unit"});
}

void mask_fields(Visitor& v, data::MaskConfig& c) {
  v.field("kind", c.kind, {"none", "random", "part", "roi_part", "tube", "block", "key_region"});
  v.field("ratio", c.ratio, inside(0, 1));
  v.field("parts", c.parts, {"literal", "semantic"});
  v.field("only", c.only, {"all", "eyes", "nose", "lips"});
  v.field("roi_tau", c.roi_tau, share());
  v.field("key_share", c.key_share, share());
  v.field("equalise", c.equalise, within(0, kMaxInt));
}

void optimizer_fields(Visitor& v, stages::OptimizerConfig& c) {
  v.field("optimizer", c.kind, {"adamw", "adam"});
  v.field("beta1", c.beta1, {.low = 0, .high = 1, .open_high = true});
  v.field("beta2", c.beta2, {.low = 0, .high = 1, .open_high = true});
  v.field("eps", c.eps, above(0));
  v.field("weight_decay", c.weight_decay, at_least(0));
}

void schedule_fields(Visitor& v, stages::ScheduleConfig& c) {
  v.field("schedule", c.kind, {"cosine", "constant"});
  v.field("lr", c.lr, within(0, kMaxRate));
  v.field("lr_abs", c.lr_abs, within(0, kMaxRate));
  v.field("lr_min", c.lr_min, within(0, kMaxRate));
  v.field("warmup", c.warmup, share());
  v.field("warmup_epochs", c.warmup_epochs, at_least(0));
}

void train_fields(Visitor& v, stages::TrainConfig& c) {
  v.field("steps", c.steps, within(0, 1e12));
  v.field("epochs", c.epochs, {.low = 0, .high = 1e9, .open_low = true});
  v.field("batch", c.batch, within(1, kMaxInt));
  v.field("accumulate", c.accumulate, within(1, kMaxInt));
  v.field("dtype", c.dtype, {"fp32", "bf16"});
  v.field("flip", c.flip);
  optimizer_fields(v, c.optimizer);
  schedule_fields(v, c.schedule);
  v.field("clip", c.clip, at_least(0));
  v.field("bucket_mb", c.bucket_mb, within(1, 65536));
  v.field("log_every", c.loop.log_every, within(1, kMaxInt));
}

void checkpoint_fields(Visitor& v, checkpoints::CheckpointConfig& c) {
  v.field("every", c.every, within(0, 1e12));
  v.field("keep", c.keep, within(2, 1 << 20));
}

void metrics_fields(Visitor& v, cluster::MetricsConfig& c) {
  v.field("port", c.port, within(-1, 65535));
  v.field("address", c.address, {});
}

}  // namespace

void fields(Visitor& v, Config& c) {
  auto& pretrain = c.stage.pretrain;
  v.field("stage", c.stage.name, stages::stage_names());
  v.field("seed", pretrain.seed);
  v.field("init", pretrain.init, {});
  group(v, "run", [&] { run_fields(v, c.run, pretrain.train.loop); });
  group(v, "data", [&] { data_fields(v, c.data); });
  group(v, "model", [&] { model_fields(v, pretrain.model, c.model_size, pretrain.pixels); });
  group(v, "mask", [&] { mask_fields(v, pretrain.mask); });
  group(v, "train", [&] { train_fields(v, pretrain.train); });
  group(v, "checkpoint", [&] { checkpoint_fields(v, c.checkpoint); });
  group(v, "metrics", [&] { metrics_fields(v, c.metrics); });
  group(v, "world", [&] { world_fields(v, c.world); });
}

}  // namespace realface::configs
