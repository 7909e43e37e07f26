#include "distributed/reducer/gradient_reducer.h"

#include <ATen/ops/cat.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <map>
#include <numeric>
#include <set>

#include "base/error.h"
#include "base/log.h"
#include "base/sha256.h"
#include "base/telemetry.h"
#include "distributed/reducer/gradient_buckets.h"

namespace realface::distributed {

struct GradientReducer::Members {
  Members(Communicator& communicator, const ReducerConfig& limits) : group(communicator), config(limits) {}

  void adopt(std::vector<NamedTensor> named);
  void check_same_everywhere();
  void install_hooks();
  void arrange(const std::vector<std::vector<size_t>>& groups);
  void on_gradient(size_t index);
  void launch_full();
  void launch_next();
  void write_used_by();
  void rearrange_by_ready_order();
  void warn_of_unused();
  std::vector<std::string> unused() const;
  std::vector<size_t> reversed_order() const;

  Communicator& group;
  const ReducerConfig config;
  std::vector<ReducedParameter> parameters;
  std::vector<GradientBucket> buckets;
  std::vector<torch::Tensor> flat;

  std::vector<size_t> missing;      // per bucket: gradients not yet ready in this backward pass
  std::vector<bool> ready;          // per parameter: in this synchronised backward pass
  std::vector<char> used;           // per parameter: in this update, on this rank
  std::vector<char> uploaded;       // `used` as it was when used_here was made of it
  torch::Tensor used_here;          // on the device
  std::vector<size_t> ready_order;  // of this synchronised backward pass
  std::vector<Pending> pending;     // buckets 0, 1, ... that are on their way
  bool synchronising = false, arranged = false, warned = false;
  std::map<torch::Dtype, torch::Tensor> scratch;  // of reduce()
};

namespace {

/// Tells the reducer of one parameter's gradient. The reducer takes it away before it goes.
class ReadyHook : public torch::autograd::PostAccumulateGradHook {
 public:
  explicit ReadyHook(std::function<void()> tell) : tell_(std::move(tell)) {}
  void operator()(const torch::autograd::Variable&) override { tell_(); }

 private:
  std::function<void()> tell_;
};

std::string described(const ReducedParameter& parameter) {
  std::string text = parameter.name + " " + c10::toString(parameter.tensor.scalar_type());
  for (const int64_t size : parameter.tensor.sizes()) { text += " " + std::to_string(size); }
  return text;
}

}  // namespace

void GradientReducer::Members::adopt(std::vector<NamedTensor> named) {
  std::set<std::string> names;
  std::set<const void*> seen;
  for (auto& [name, tensor] : named) {
    std::string fault;
    if (!tensor.defined() || !tensor.is_leaf() || !tensor.requires_grad()) {
      fault = "is no leaf that requires gradients; leave it out";
    } else if (!at::isFloatingType(tensor.scalar_type())) {
      fault = "is not floating point; leave it out";
    } else if (!names.insert(name).second) {
      fault = "comes twice; give every parameter a name of its own";
    } else if (torch::autograd::impl::post_acc_grad_hooks(tensor) != nullptr) {
      fault = "has a gradient hook; one reducer at a time";
    }
    if (!fault.empty()) { throw Error("[reducer] parameter " + name + " " + fault); }
    // Shared parameters have one gradient, reduced once.
    if (!seen.insert(tensor.unsafeGetTensorImpl()).second) { continue; }
    tensor.set_grad_dtype(gradient_dtype(tensor));
    tensor.mutable_grad() = torch::Tensor();
    parameters.push_back({.name = std::move(name), .tensor = std::move(tensor), .gradient = {}, .bucket = 0});
  }
  if (parameters.empty()) { throw Error("[reducer] there is no parameter to reduce; freeze fewer of them"); }
}

void GradientReducer::Members::check_same_everywhere() {
  Sha256 sha;
  for (const auto& parameter : parameters) { sha.update(described(parameter) + "\n"); }
  const Digest digest = sha.finish();
  auto mine = torch::empty({2, static_cast<int64_t>(digest.size())}, torch::kInt32);
  for (size_t i = 0; i < digest.size(); ++i) {
    mine[0][static_cast<int64_t>(i)] = static_cast<int>(digest[i]);
    mine[1][static_cast<int64_t>(i)] = -static_cast<int>(digest[i]);
  }
  const auto extremes = mine.to(parameters.front().tensor.device());
  group.all_reduce(extremes, ReduceOp::max)->wait();
  if (!torch::equal(extremes[0], -extremes[1])) {
    throw Error("[reducer] ranks have different parameters; build the same model on each (here " +
                std::to_string(parameters.size()) + ", the first " + described(parameters.front()) + ")");
  }
}

void GradientReducer::Members::install_hooks() {
  for (size_t index = 0; index < parameters.size(); ++index) {
    torch::autograd::impl::set_post_acc_grad_hooks(parameters[index].tensor,
                                                   std::make_unique<ReadyHook>([this, index] { on_gradient(index); }));
  }
}

std::vector<size_t> GradientReducer::Members::reversed_order() const {
  // Modules are registered about in the order of the forward pass.
  std::vector<size_t> order(parameters.size());
  std::iota(order.rbegin(), order.rend(), size_t{0});
  return order;
}

void GradientReducer::Members::arrange(const std::vector<std::vector<size_t>>& groups) {
  buckets = build_buckets(parameters, groups, group);
  flat.clear();
  for (const auto& bucket : buckets) { flat.push_back(bucket.flat); }
}

/// From the hooks: in autograd's thread, one at a time for one device.
void GradientReducer::Members::on_gradient(size_t index) {
  const auto& parameter = parameters[index];
  const auto& gradient = parameter.tensor.grad();
  if (!gradient.defined() || gradient.data_ptr() != parameter.gradient.data_ptr()) {
    throw Error("[reducer] the gradient of " + parameter.name +
                " no longer lies in its bucket; clear gradients with GradientReducer::zero(), never by replacing them");
  }
  used[index] = 1;
  if (!synchronising) { return; }
  if (ready[index]) {
    throw Error("[reducer] the gradient of " + parameter.name +
                " was accumulated twice in the last backward pass; call begin(false) before all passes but the last");
  }
  ready[index] = true;
  ready_order.push_back(index);
  --missing[parameter.bucket];
  launch_full();
}

void GradientReducer::Members::launch_full() {
  while (pending.size() < buckets.size() && missing[pending.size()] == 0) { launch_next(); }
}

void GradientReducer::Members::launch_next() {
  const auto& bucket = buckets[pending.size()];
  if (bucket.used_by.defined()) { write_used_by(); }
  if (group.size() > 1) {
    telemetry::counter("allreduce_bytes_total").add(static_cast<double>(bucket.buffer.nbytes()));
  }
  pending.push_back(group.all_reduce(bucket.buffer));
}

void GradientReducer::Members::write_used_by() {
  const torch::NoGradGuard no_grad;
  const auto& tail = buckets.back().used_by;
  if (used != uploaded) {
    // A copy from the host, for which a GPU would wait: only when other parameters are used than before.
    used_here = torch::from_blob(used.data(), {static_cast<int64_t>(used.size())}, torch::kInt8).to(tail.options());
    uploaded = used;
  }
  tail.copy_(used_here);
}

std::vector<std::string> GradientReducer::Members::unused() const {
  const auto users = buckets.back().used_by.to(torch::kCPU, torch::kFloat64);
  const auto* counts = users.const_data_ptr<double>();
  std::vector<std::string> names;
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (counts[i] == 0) { names.push_back(parameters[i].name); }
  }
  return names;
}

void GradientReducer::Members::warn_of_unused() {
  warned = true;
  std::string names;
  const auto found = unused();
  for (const auto& name : found) { names.append(names.empty() ? "" : ", ").append(name); }
  if (!found.empty() && group.rank() == 0) {
    log::warn("[reducer] no rank used " + std::to_string(found.size()) + " of " + std::to_string(parameters.size()) +
              " parameters in the first update; their gradients are zero: " + names);
  }
}

void GradientReducer::Members::rearrange_by_ready_order() {
  arranged = true;
  // Those without a gradient come last, in their old order.
  for (const auto& bucket : buckets) {
    for (const size_t index : bucket.parameters) {
      if (!ready[index]) { ready_order.push_back(index); }
    }
  }
  const std::vector<int64_t> mine(ready_order.begin(), ready_order.end());
  const auto order = torch::tensor(mine, torch::kInt64).to(parameters.front().tensor.device());
  group.broadcast(order, 0)->wait();
  const auto agreed = order.to(torch::kCPU);
  const auto* indices = agreed.const_data_ptr<int64_t>();
  const auto users = buckets.back().used_by.clone();
  arrange(group_parameters(parameters, std::vector<size_t>(indices, indices + agreed.numel()), config));
  buckets.back().used_by.copy_(users);
}

GradientReducer::GradientReducer(std::vector<NamedTensor> parameters, Communicator& group, const ReducerConfig& config)
    : members_(std::make_unique<Members>(group, config)) {
  members_->adopt(std::move(parameters));
  members_->check_same_everywhere();
  members_->used.assign(members_->parameters.size(), 0);
  members_->ready.assign(members_->parameters.size(), false);
  members_->arrange(group_parameters(members_->parameters, members_->reversed_order(), config));
  members_->install_hooks();
}

GradientReducer::~GradientReducer() {
  for (const auto& parameter : members_->parameters) {
    torch::autograd::impl::set_post_acc_grad_hooks(parameter.tensor, nullptr);
  }
}

void GradientReducer::begin(bool synchronise) {
  auto& m = *members_;
  if (m.synchronising) { throw Error("[reducer] begin() after begin(true); call finish() first"); }
  m.synchronising = synchronise;
  m.pending.clear();
  m.ready_order.clear();
  m.ready.assign(m.parameters.size(), false);
  m.missing.clear();
  for (const auto& bucket : m.buckets) { m.missing.push_back(bucket.parameters.size()); }
}

void GradientReducer::finish() {
  auto& m = *members_;
  if (!m.synchronising) {
    throw Error("[reducer] finish() without begin(true); call it before the last backward pass of the update");
  }
  const telemetry::PhaseTimer timer(telemetry::Phase::allreduce_exposed);
  while (m.pending.size() < m.buckets.size()) { m.launch_next(); }
  for (const auto& work : m.pending) { work->wait(); }
  m.pending.clear();
  m.synchronising = false;
  m.used.assign(m.parameters.size(), 0);
  if (!m.warned) { m.warn_of_unused(); }
  if (!m.arranged) { m.rearrange_by_ready_order(); }
}

void GradientReducer::zero() {
  const torch::NoGradGuard no_grad;
  for (const auto& bucket : members_->flat) { bucket.zero_(); }
}

const std::vector<torch::Tensor>& GradientReducer::flat_gradients() const { return members_->flat; }

std::vector<std::string> GradientReducer::unused() const { return members_->unused(); }

void GradientReducer::reduce(const std::vector<torch::Tensor>& tensors) {
  const torch::NoGradGuard no_grad;
  const telemetry::PhaseTimer timer(telemetry::Phase::allreduce_exposed);
  auto& m = *members_;
  std::map<torch::Dtype, std::vector<torch::Tensor>> by_type;
  for (const auto& tensor : tensors) { by_type[tensor.scalar_type()].push_back(tensor); }
  for (auto& [dtype, same] : by_type) {
    int64_t elements = 0;
    for (const auto& tensor : same) { elements += tensor.numel(); }
    // One collective for many small tensors, in memory that the group reduces fast.
    auto& room = m.scratch[dtype];
    if (!room.defined() || room.numel() < elements) { room = m.group.allocate(elements, same.front().options()); }
    const auto packed = room.narrow(0, 0, elements);
    int64_t offset = 0;
    for (const auto& tensor : same) {
      packed.narrow(0, offset, tensor.numel()).view(tensor.sizes()).copy_(tensor);
      offset += tensor.numel();
    }
    if (m.group.size() > 1) { telemetry::counter("allreduce_bytes_total").add(static_cast<double>(packed.nbytes())); }
    m.group.all_reduce(packed)->wait();
    offset = 0;
    for (const auto& tensor : same) {
      tensor.copy_(packed.narrow(0, offset, tensor.numel()).view(tensor.sizes()));
      offset += tensor.numel();
    }
  }
}

BucketLayout GradientReducer::layout() const {
  BucketLayout layout;
  if (!members_->arranged) { return layout; }
  for (const auto& bucket : members_->buckets) {
    layout.emplace_back();
    for (const size_t index : bucket.parameters) { layout.back().push_back(members_->parameters[index].name); }
  }
  return layout;
}

void GradientReducer::set_layout(const BucketLayout& layout) {
  auto& m = *members_;
  if (layout.empty()) { return; }
  if (m.synchronising) {
    throw Error("[reducer] set_layout() between begin(true) and finish(); call it between updates");
  }
  m.arrange(groups_of_layout(m.parameters, layout));
  m.arranged = true;
}

}  // namespace realface::distributed
