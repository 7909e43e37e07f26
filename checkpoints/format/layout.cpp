#include "checkpoints/format/layout.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "base/error.h"
#include "base/tensor_dtypes.h"

namespace realface::checkpoints {
namespace {

void check(const OwnedSlice& owned) {
  const auto fail = [&](const std::string& what) {
    throw CheckpointError("[checkpoints] tensor " + owned.key() + " " + what + "; mend the part that lists it");
  };
  if (!owned.slice.tensor.defined()) { fail("is undefined"); }
  dtype_name(owned.slice.tensor.scalar_type());  // throws for one that a file cannot hold
  const auto shape = owned.slice.tensor.sizes().vec();
  const auto& whole = owned.slice.global_shape;
  if (owned.slice.replicated && (shape != whole || owned.slice.offset != 0)) {
    fail("is replicated, but is not as large as its whole");
  }
  if (shape.size() != whole.size()) { fail("has another number of dimensions than its whole"); }
  if (!owned.slice.replicated && shape.empty()) { fail("is a scalar, which cannot be cut into rows"); }
  for (size_t axis = 1; axis < shape.size(); ++axis) {
    if (shape[axis] != whole[axis]) { fail("is cut along another dimension than the first"); }
  }
  if (!shape.empty() && (owned.slice.offset < 0 || owned.slice.offset + shape[0] > whole[0])) {
    fail("has rows outside of its whole");
  }
}

}  // namespace

std::vector<OwnedSlice> all_slices(const std::vector<Part*>& parts) {
  std::vector<OwnedSlice> slices;
  std::set<std::string> names;
  std::set<std::string> keys;
  for (const Part* part : parts) {
    if (!names.insert(part->part_name()).second) {
      throw CheckpointError("[checkpoints] two parts are named " + part->part_name() + "; a name belongs to one part");
    }
    for (auto& slice : part->tensors()) {
      slices.push_back({part->part_name(), std::move(slice)});
      check(slices.back());
      if (!keys.insert(slices.back().key()).second) {
        throw CheckpointError("[checkpoints] two tensors are named " + slices.back().key() +
                              "; a name belongs to one tensor");
      }
    }
  }
  return slices;
}

std::vector<OwnedSlice> slices_to_write(const std::vector<OwnedSlice>& slices, int rank, int size) {
  std::vector<OwnedSlice> mine;
  std::vector<const OwnedSlice*> shared;
  for (const auto& owned : slices) {
    if (owned.slice.replicated) {
      shared.push_back(&owned);
    } else {
      mine.push_back(owned);
    }
  }
  std::sort(shared.begin(), shared.end(), [](const OwnedSlice* a, const OwnedSlice* b) {
    return std::make_tuple(b->bytes(), a->key()) < std::make_tuple(a->bytes(), b->key());
  });
  std::vector<uint64_t> load(static_cast<size_t>(size), 0);
  for (const auto* owned : shared) {
    const auto least = std::min_element(load.begin(), load.end());
    *least += owned->bytes();
    if (least - load.begin() == rank) { mine.push_back(*owned); }
  }
  return mine;
}

}  // namespace realface::checkpoints
