#pragma once

#include <torch/nn/module.h>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "models/weights/translation.h"

namespace realface::models::importing {

using Shapes = std::map<std::string, std::vector<int64_t>>;

constexpr int64_t kAny = -1;  // in a shape: of any size

/// Bare names and shapes of all that a network has.
Shapes shapes_of(const torch::nn::Module& network);

/// A file's tensors, asked for their sizes.
class Sizes {
 public:
  Sizes(const Tensors& tensors, std::filesystem::path path) : tensors_(tensors), path_(std::move(path)) {}

  /// The size of one dimension, counted from the end if negative. Throws Error if the tensor is missing or has no such
  /// dimension, since nothing can be told about the network then.
  int64_t of(const std::string& name, int64_t dimension) const;
  /// How many of BEFORE0AFTER, BEFORE1AFTER, ... there are.
  int64_t count(const std::string& before, const std::string& after) const;
  int64_t dimensions(const std::string& name) const { return find(name).dim(); }
  int64_t numbers() const;  // in all tensors together
  bool has_decoder() const;
  [[noreturn]] void refuse(const std::string& message) const;  // "[FILE] MESSAGE"

 private:
  const torch::Tensor& find(const std::string& name) const;

  const Tensors& tensors_;
  std::filesystem::path path_;
};

}  // namespace realface::models::importing
