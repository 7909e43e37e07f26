#include "launcher/batch_file.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include "base/error.h"
#include "configs/run_folder.h"
#include "data/streams.h"
#include "models/weights/tensor_file.h"

namespace realface::launcher {
namespace {

using Batches = std::vector<data::Batch>;

torch::Tensor flips(const data::StreamNeeds& needs, const data::Batch& batch) {
  std::vector<uint8_t> drawn;
  for (size_t i = 0; i < batch.samples.size(); ++i) {
    const auto augmentation =
        data::draw_augmentation(needs.augment, needs.image, needs.seed, static_cast<uint64_t>(batch.epochs[i]),
                                static_cast<uint64_t>(batch.samples[i]));
    drawn.push_back(augmentation.flip ? 1 : 0);
  }
  return at::tensor(drawn, torch::kUInt8);
}

/// One rank holds all positions in order, so its micro-batches laid end to end are the batch.
template <class Tensor>
torch::Tensor joined(const Batches& batches, const Tensor& tensor_of) {
  std::vector<torch::Tensor> pieces;
  for (const auto& batch : batches) { pieces.push_back(tensor_of(batch)); }
  return at::cat(pieces).contiguous();
}

void add_stream(const data::StreamNeeds& needs, const Batches& batches, models::TensorFile& file) {
  const auto add = [&](const std::string& name, const auto& tensor_of) {
    file.tensors[needs.name + "." + name] = joined(batches, tensor_of);
  };
  add("samples", [](const data::Batch& batch) { return at::tensor(batch.samples, torch::kInt64); });
  add("epochs", [](const data::Batch& batch) { return at::tensor(batch.epochs, torch::kInt64); });
  add("flips", [&](const data::Batch& batch) { return flips(needs, batch); });
  add("images", [](const data::Batch& batch) { return batch.images; });
  add("landmarks", [](const data::Batch& batch) { return batch.landmarks; });
  add("labels", [](const data::Batch& batch) { return batch.labels; });
  if (batches.front().mask.defined()) {
    add("mask", [](const data::Batch& batch) { return batch.mask; });
  }
  if (batches.front().tampered.defined()) {
    add("tampered", [](const data::Batch& batch) { return batch.tampered; });
  }
}

/// Sets every stream to the first position of the update.
void seek(data::Streams& streams, int64_t step) {
  for (auto* part : streams.parts()) {
    auto values = part->values();
    values["position"] = (step - 1) * values.at("batch").get<int64_t>();
    part->restore(values);
  }
}

}  // namespace

void write_batch(const std::filesystem::path& run_dir, int64_t step, const std::filesystem::path& out) {
  const auto config = configs::load_run(run_dir.string());
  distributed::in_world({.device = "cpu"}, [&](auto& world) {
    const auto needs = config.recipe->needs(config.seed, world.size());
    const auto streams = data::open(config.data, needs, world);
    seek(*streams, step);
    const auto batch = streams->next();
    if (!batch) { throw Error(fmt::format("[inspect] a stream of {} ends before update {}", run_dir.string(), step)); }
    models::TensorFile file;
    for (const auto& stream : needs) { add_stream(stream, batch->streams.at(stream.name), file); }
    file.metadata = {{"step", std::to_string(step)},
                     {"seed", std::to_string(config.seed)},
                     {"dataset_digest", streams->dataset_digest()}};
    models::write_tensor_file(out, file);
  });
}

}  // namespace realface::launcher
