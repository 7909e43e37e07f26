#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "models/weights/torch_save/pickle.h"

namespace realface::models::torch_save {

/// The stack, the memo and the values of a pickle that is being read, within their limits. `place` is the instruction
/// that faults are said of.
class Machine {
 public:
  explicit Machine(const Bytes& file) : file_(file) {}

  [[noreturn]] void refuse(const std::string& message) const { file_.refuse(place, message); }

  void push(Ref ref);
  void push(Value value);  // as a new value
  Ref pop();
  const Value& pop_value() { return value(pop()); }
  Ref top() const;
  void mark() { marks_.push_back(stack_.size()); }
  std::vector<Ref> pop_to_mark();

  void remember(uint64_t number);
  void recall(uint64_t number);

  /// Adds items to the list or dict (keys and values in turn); to an opaque object, nothing.
  void add(Ref to, const std::vector<Ref>& items);

  /// To be called for every number or reference that is stored: there may be so many, not more.
  void spend(uint64_t items);

  const Value& value(Ref ref) const { return pickle.values[ref]; }
  int64_t whole(Ref ref) const;                  // its number, or Error
  uint64_t count(Ref ref) const;                 // likewise, which must not be negative
  std::string_view text(Ref ref) const;          // of a text
  const std::vector<Ref>& items(Ref ref) const;  // of a tuple or list

  uint64_t place = 0;
  Pickle pickle;

 private:
  const Bytes& file_;
  std::vector<Ref> stack_, memo_;
  std::vector<size_t> marks_;
  uint64_t spent_ = 0;
};

/// Applies a global to arguments, as REDUCE and NEWOBJ do: a tensor, an ordered dict, a size; else an opaque object.
void call(Machine& machine);

/// A storage, from the persistent id ("storage", type, key, location, elements[, view]) on the stack.
void push_storage(Machine& machine);

}  // namespace realface::models::torch_save
