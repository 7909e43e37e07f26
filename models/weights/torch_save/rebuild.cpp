#include <fmt/format.h>

#include <algorithm>

#include "models/weights/torch_save/machine.h"

/// The globals that are understood: what torch.save writes of tensors, storages and the dicts that hold them
/// (torch/_utils.py, torch/serialization.py).
namespace realface::models::torch_save {
namespace {

constexpr size_t kMostDimensions = 64, kLongestKey = 256;
using Kind = Value::Kind;

const std::vector<Ref>& arguments(const Machine& machine, Ref ref, size_t least) {
  const auto& items = machine.items(ref);
  if (items.size() < least) {
    machine.refuse(fmt::format("{} arguments, and {} are expected; the file is damaged", items.size(), least));
  }
  return items;
}

std::vector<int64_t> dimensions(const Machine& machine, Ref ref) {
  const auto& items = machine.items(ref);
  if (items.size() > kMostDimensions) { machine.refuse(fmt::format("a tensor of {} dimensions", items.size())); }
  std::vector<int64_t> sizes;
  for (const Ref item : items) { sizes.push_back(static_cast<int64_t>(machine.count(item))); }
  return sizes;
}

/// _rebuild_tensor(storage, offset, shape, strides); that of version 2 has more arguments, which are of gradients.
Value tensor(Machine& machine, Ref ref) {
  const auto& given = arguments(machine, ref, 4);
  const auto& storage = machine.value(given[0]);
  if (storage.kind != Kind::storage) { machine.refuse("a tensor of something that is no storage"); }
  Layout layout{machine.pickle.storages[static_cast<size_t>(storage.number)], machine.count(given[1]),
                dimensions(machine, given[2]), dimensions(machine, given[3])};
  if (layout.shape.size() != layout.strides.size()) { machine.refuse("a tensor with fewer strides than dimensions"); }
  machine.spend(2 * layout.shape.size());
  machine.pickle.tensors.push_back(std::move(layout));
  return {.kind = Kind::tensor, .number = static_cast<int64_t>(machine.pickle.tensors.size()) - 1};
}

/// OrderedDict(), or as Python 2 wrote it, OrderedDict([[key, value], ...]).
Value ordered_dict(const Machine& machine, Ref ref) {
  Value dict{.kind = Kind::dict};
  const auto& given = machine.items(ref);
  if (given.empty()) { return dict; }
  const auto& pairs = machine.items(given[0]);
  dict.items.reserve(2 * pairs.size());
  for (const Ref pair : pairs) {
    const auto& item = arguments(machine, pair, 2);
    dict.items.insert(dict.items.end(), {item[0], item[1]});
  }
  return dict;
}

/// "Float" of torch.FloatStorage; old files of a GPU say torch.cuda.
std::string_view storage_type(const Machine& machine, Ref ref) {
  constexpr std::string_view kSuffix = "Storage";
  const auto& global = machine.value(ref);
  const auto type = global.text.substr(std::min(global.text.find('\n') + 1, global.text.size()));
  if (global.kind != Kind::global || !global.text.starts_with("torch") || !type.ends_with(kSuffix)) {
    machine.refuse("a storage of unknown type; the file is damaged");
  }
  return type.substr(0, type.size() - kSuffix.size());
}

}  // namespace

void call(Machine& machine) {
  const Ref given = machine.pop(), callable = machine.pop();
  const auto name = machine.value(callable).kind == Kind::global ? machine.value(callable).text : std::string_view();
  if (name == "torch._utils\n_rebuild_tensor_v2" || name == "torch._utils\n_rebuild_tensor") {
    machine.push(tensor(machine, given));
  } else if (name == "torch._utils\n_rebuild_parameter" || name == "torch.nn.parameter\nParameter") {
    machine.push(arguments(machine, given, 1)[0]);
  } else if (name == "collections\nOrderedDict") {
    machine.push(ordered_dict(machine, given));
  } else if (name == "torch\nSize") {
    machine.push(arguments(machine, given, 1)[0]);
  } else {
    machine.push(Value{.text = name});
  }
}

void push_storage(Machine& machine) {
  const auto& id = arguments(machine, machine.pop(), 5);
  if (machine.text(id[0]) != "storage") { machine.refuse("a reference to something that is no storage"); }
  if (machine.text(id[2]).size() > kLongestKey) { machine.refuse("a storage whose key has over 256 characters"); }
  Storage storage{storage_type(machine, id[1]), machine.text(id[2]), 0, machine.count(id[4])};
  if (id.size() > 5 && machine.value(id[5]).kind != Kind::none) {
    const auto& view = arguments(machine, id[5], 3);  // its own key, offset, size
    storage.offset = machine.count(view[1]), storage.size = machine.count(view[2]);
  }
  machine.pickle.storages.push_back(storage);
  machine.push(Value{.kind = Kind::storage, .number = static_cast<int64_t>(machine.pickle.storages.size()) - 1});
}

}  // namespace realface::models::torch_save
