#include "models/weights/torch_save/machine.h"

#include <fmt/format.h>

namespace realface::models::torch_save {
namespace {

// A pickle of torch.save has some twenty values a tensor.
constexpr size_t kMostValues = 4'000'000, kMostItems = 16'000'000;
constexpr Ref kNothing = UINT32_MAX;

}  // namespace

void Machine::push(Ref ref) {
  if (stack_.size() >= kMostValues) { refuse("the pickle's stack grows beyond all use; no file of weights does this"); }
  stack_.push_back(ref);
}

void Machine::push(Value value) {
  if (pickle.values.size() >= kMostValues) { refuse("the pickle has more values than any file of weights"); }
  spend(value.items.size());
  pickle.values.push_back(std::move(value));
  push(static_cast<Ref>(pickle.values.size() - 1));
}

Ref Machine::top() const {
  if (stack_.empty() || (!marks_.empty() && stack_.size() == marks_.back())) {
    refuse("the pickle takes a value that is not there; the file is damaged");
  }
  return stack_.back();
}

Ref Machine::pop() {
  const Ref ref = top();
  stack_.pop_back();
  return ref;
}

std::vector<Ref> Machine::pop_to_mark() {
  if (marks_.empty()) { refuse("the pickle gathers values without a mark; the file is damaged"); }
  const auto from = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
  std::vector<Ref> items(from, stack_.end());
  stack_.erase(from, stack_.end());
  marks_.pop_back();
  return items;
}

void Machine::remember(uint64_t number) {
  if (number >= kMostValues) { refuse(fmt::format("the pickle's memo has a place {}; the file is damaged", number)); }
  if (number >= memo_.size()) { memo_.resize(number + 1, kNothing); }
  memo_[number] = top();
}

void Machine::recall(uint64_t number) {
  if (number >= memo_.size() || memo_[number] == kNothing) {
    refuse(fmt::format("the pickle's memo has nothing at {}; the file is damaged", number));
  }
  push(memo_[number]);
}

void Machine::spend(uint64_t items) {
  spent_ += items;
  if (spent_ > kMostItems) { refuse("the pickle's lists hold more than those of any file of weights"); }
}

void Machine::add(Ref to, const std::vector<Ref>& items) {
  auto& container = pickle.values[to];
  if (container.kind == Value::Kind::opaque) { return; }
  const bool dict = container.kind == Value::Kind::dict;
  if ((!dict && container.kind != Value::Kind::list) || (dict && items.size() % 2 != 0)) {
    refuse("the pickle adds items to what is neither a list nor a dict; the file is damaged");
  }
  spend(items.size());
  container.items.insert(container.items.end(), items.begin(), items.end());
}

int64_t Machine::whole(Ref ref) const {
  if (value(ref).kind != Value::Kind::whole) { refuse("expected a whole number in the description of a tensor"); }
  return value(ref).number;
}

uint64_t Machine::count(Ref ref) const {
  if (whole(ref) < 0) { refuse(fmt::format("a size of {} in the description of a tensor", whole(ref))); }
  return static_cast<uint64_t>(whole(ref));
}

std::string_view Machine::text(Ref ref) const {
  if (value(ref).kind != Value::Kind::text) { refuse("expected a text in the description of a storage"); }
  return value(ref).text;
}

const std::vector<Ref>& Machine::items(Ref ref) const {
  const auto kind = value(ref).kind;
  if (kind != Value::Kind::tuple && kind != Value::Kind::list) { refuse("expected a tuple or a list"); }
  return value(ref).items;
}

}  // namespace realface::models::torch_save
