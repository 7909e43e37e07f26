#include "stages/training/classification.h"

#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/zeros.h>

#include "base/telemetry.h"

namespace realface::stages {

StepReport train_classifier(Trainer& trainer, const std::vector<data::Batch>& batches, int64_t samples,
                            const std::function<torch::Tensor(const data::Batch&)>& logits) {
  trainer.begin();
  auto sum = at::zeros({}, batches.front().weights.options()), right = sum.clone();
  for (size_t i = 0; i < batches.size(); ++i) {
    torch::Tensor loss;
    {
      const telemetry::PhaseTimer timer(telemetry::Phase::forward);
      const auto scores = logits(batches[i]).to(torch::kFloat32);
      loss = at::cross_entropy_loss(scores, batches[i].labels, {}, at::Reduction::Sum) / samples;
      right += scores.detach().argmax(1).eq(batches[i].labels).sum() / static_cast<double>(samples);
    }
    trainer.backward(loss, /*last=*/i + 1 == batches.size());
    sum += loss.detach();
  }
  auto report = trainer.end(sum, samples);
  report.values = {{"accuracy", right}};
  return report;
}

}  // namespace realface::stages
