#include "models/weights/torch_save/pickle.h"

#include <fmt/format.h>

#include "models/weights/torch_save/machine.h"

namespace realface::models::torch_save {
namespace {

using Kind = Value::Kind;

/// Reads instructions and has the machine follow them; each family says whether the instruction was one of its own.
class Reader {
 public:
  Reader(const Bytes& file, uint64_t begin, uint64_t end) : file_(file), at_(begin), end_(end), machine_(file) {}

  Pickle read() {
    constexpr uint64_t kStop = '.';
    while (true) {
      machine_.place = at_;
      const uint64_t code = number(1);
      if (code == kStop) { break; }
      if (!constant(code) && !written(code) && !stack(code) && !container(code) && !object(code)) {
        machine_.refuse(fmt::format(
            "the pickle has the instruction {:#04x}, which files of torch.save have not; write it again with torch.save and its default protocol",
            code));
      }
    }
    machine_.pickle.root = machine_.pop();
    machine_.pickle.end = at_;
    return std::move(machine_.pickle);
  }

 private:
  std::string_view take(uint64_t size) {
    if (size > end_ - at_) { machine_.refuse("the pickle ends within an instruction; the file was cut short"); }
    at_ += size;
    return file_.piece(at_ - size, size);
  }
  uint64_t number(uint64_t width) {
    take(width);
    return file_.number(at_ - width, width);
  }
  std::string_view line() {
    const auto rest = file_.piece(at_, end_ - at_);
    const auto length = rest.find('\n');
    if (length == std::string_view::npos) { machine_.refuse("the pickle ends within a name; the file was cut short"); }
    at_ += length + 1;
    return rest.substr(0, length);
  }
  void push_whole(int64_t value) { machine_.push(Value{.kind = Kind::whole, .number = value}); }
  void push_text(uint64_t size) { machine_.push(Value{.kind = Kind::text, .text = take(size)}); }

  bool constant(uint64_t code) {
    switch (code) {
      case 'N':
        machine_.push(Value{.kind = Kind::none});
        return true;
      case 0x88:
        machine_.push(Value{.kind = Kind::boolean, .number = 1});
        return true;
      case 0x89:
        machine_.push(Value{.kind = Kind::boolean});
        return true;
      case ')':
        machine_.push(Value{.kind = Kind::tuple});
        return true;
      case ']':
        machine_.push(Value{.kind = Kind::list});
        return true;
      case '}':
        machine_.push(Value{.kind = Kind::dict});
        return true;
      case 0x80:
        protocol(number(1));
        return true;
      default:
        return false;
    }
  }

  void protocol(uint64_t version) const {
    if (version == 2) { return; }
    machine_.refuse(fmt::format("a pickle of protocol {}; expected 2, torch.save's default", version));
  }

  /// Numbers and texts.
  bool written(uint64_t code) {
    switch (code) {
      case 'K':
        push_whole(static_cast<int64_t>(number(1)));
        return true;
      case 'M':
        push_whole(static_cast<int64_t>(number(2)));
        return true;
      case 'J':
        push_whole(static_cast<int32_t>(number(4)));
        return true;
      case 0x8a:
        push_long(number(1));
        return true;
      case 'G':
        take(8), machine_.push(Value{});
        return true;
      case 'X':
        push_text(number(4));
        return true;
      case 'U':
        push_text(number(1));
        return true;
      default:
        return false;
    }
  }

  /// Two's complement of any length; what does not fit 64 bits is no size.
  void push_long(uint64_t size) {
    if (size > 8) {
      take(size), machine_.push(Value{});
      return;
    }
    uint64_t bits = size == 0 ? 0 : number(size);
    const bool negative = size > 0 && (bits >> (8 * size - 1)) != 0;
    if (negative && size < 8) { bits |= ~uint64_t{0} << (8 * size); }
    push_whole(static_cast<int64_t>(bits));
  }

  bool stack(uint64_t code) {
    switch (code) {
      case '(':
        machine_.mark();
        return true;
      case 'q':
        machine_.remember(number(1));
        return true;
      case 'r':
        machine_.remember(number(4));
        return true;
      case 'h':
        machine_.recall(number(1));
        return true;
      case 'j':
        machine_.recall(number(4));
        return true;
      default:
        return false;
    }
  }

  bool container(uint64_t code) {
    switch (code) {
      case 't':
        push_tuple(machine_.pop_to_mark());
        return true;
      case 0x85:
      case 0x86:
      case 0x87:
        push_tuple(popped(code - 0x84));
        return true;
      case 'a':
        add(popped(1));
        return true;
      case 's':
        add(popped(2));
        return true;
      case 'e':
      case 'u':
        add(machine_.pop_to_mark());
        return true;
      default:
        return false;
    }
  }
  std::vector<Ref> popped(uint64_t count) {
    std::vector<Ref> items(count);
    for (uint64_t i = count; i > 0; --i) { items[i - 1] = machine_.pop(); }
    return items;
  }
  void push_tuple(std::vector<Ref> items) { machine_.push(Value{.kind = Kind::tuple, .items = std::move(items)}); }
  void add(const std::vector<Ref>& items) { machine_.add(machine_.top(), items); }

  bool object(uint64_t code) {
    switch (code) {
      case 'c':
        push_global();
        return true;
      case 'R':
      case 0x81:
        call(machine_);
        return true;
      case 'b':
        machine_.pop(), machine_.top();
        return true;  // a state, such as _metadata: not read
      case 'Q':
        push_storage(machine_);
        return true;
      default:
        return false;
    }
  }
  void push_global() {
    const auto module = line(), name = line();
    machine_.push(Value{.kind = Kind::global, .text = {module.data(), module.size() + 1 + name.size()}});
  }

  const Bytes& file_;
  uint64_t at_, end_;
  Machine machine_;
};

}  // namespace

const Value* Pickle::find(const Value& dict, std::string_view key) const {
  if (dict.kind != Kind::dict) { return nullptr; }
  const Value* found = nullptr;
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    const auto& own = at(dict.items[i]);
    if (own.kind == Kind::text && own.text == key) { found = &at(dict.items[i + 1]); }  // Python keeps the last
  }
  return found;
}

Pickle read_pickle(const Bytes& file, uint64_t begin, uint64_t end) { return Reader(file, begin, end).read(); }

}  // namespace realface::models::torch_save
