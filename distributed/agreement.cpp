#include "distributed/agreement.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <cstring>
#include <limits>

#include "base/exception_text.h"
#include "distributed/failure.h"

namespace realface::distributed {
namespace {

struct Outcome {
  std::exception_ptr exception;
  std::string message;
  ExitCode code = ExitCode::failure;
};

Outcome outcome_of(const std::function<void()>& work) {
  Outcome outcome;
  try {
    work();
  } catch (const Error& error) {
    outcome = {std::current_exception(), error.what(), error.exit_code()};
  } catch (const std::exception& error) {
    outcome = {std::current_exception(), exception_text(error), ExitCode::failure};
  } catch (...) { outcome = {std::current_exception(), "an exception of an unknown type", ExitCode::failure}; }
  return outcome;
}

int64_t reduced(Communicator& group, int64_t value, ReduceOp op) {
  const auto tensor = at::full({1}, value, at::kLong);
  group.all_reduce(tensor, op)->wait();
  return tensor.item<int64_t>();
}

}  // namespace

void agree(Communicator& group, const std::string& subject, const std::function<void()>& work) {
  constexpr int64_t kNobody = std::numeric_limits<int64_t>::max();
  const Outcome outcome = outcome_of(work);
  const int64_t lowest = reduced(group, outcome.exception ? group.rank() : kNobody, ReduceOp::min);
  if (lowest == kNobody) { return; }

  const int root = static_cast<int>(lowest);
  const std::string message = broadcast_string(group, outcome.message, root);
  const std::string code = broadcast_string(group, std::to_string(static_cast<int>(outcome.code)), root);
  // The same fault everywhere, a wrong configuration say, is reported once.
  const bool mine = outcome.exception && (group.rank() == root || outcome.message != message);
  if (mine) { std::rethrow_exception(outcome.exception); }
  throw PeerError("[" + subject + "] rank " + std::to_string(root) + " failed: " + message,
                  static_cast<ExitCode>(std::stoi(code)));
}

std::vector<std::string> gather_strings(Communicator& group, const std::string& mine) {
  const auto ranks = static_cast<int64_t>(group.size());
  const auto lengths = at::zeros({ranks}, at::kLong);
  group.all_gather(lengths, at::full({1}, static_cast<int64_t>(mine.size()), at::kLong))->wait();
  const int64_t longest = std::max<int64_t>(1, lengths.max().item<int64_t>());

  const auto padded = at::zeros({longest}, at::kByte);
  std::memcpy(padded.data_ptr(), mine.data(), mine.size());
  const auto all = at::empty({ranks, longest}, at::kByte);
  group.all_gather(all, padded)->wait();

  std::vector<std::string> texts;
  const auto* bytes = static_cast<const char*>(all.const_data_ptr());
  for (int64_t rank = 0; rank < ranks; ++rank) {
    texts.emplace_back(bytes + rank * longest, static_cast<size_t>(lengths[rank].item<int64_t>()));
  }
  return texts;
}

std::string broadcast_string(Communicator& group, const std::string& text, int root) {
  const auto length = at::full({1}, static_cast<int64_t>(text.size()), at::kLong);
  group.broadcast(length, root)->wait();
  const auto bytes = at::zeros({length.item<int64_t>()}, at::kByte);
  if (bytes.numel() == 0) { return ""; }
  if (group.rank() == root) { std::memcpy(bytes.data_ptr(), text.data(), text.size()); }
  group.broadcast(bytes, root)->wait();
  return {static_cast<const char*>(bytes.const_data_ptr()), static_cast<size_t>(bytes.numel())};
}

bool any(Communicator& group, bool mine) { return reduced(group, mine ? 1 : 0, ReduceOp::max) != 0; }

}  // namespace realface::distributed
