#include <unistd.h>

#include "models/weights/tensor_file.h"

#include <ATen/ops/randn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "base/error.h"

namespace realface::models {
namespace {

std::filesystem::path scratch(const std::string& name) {
  return std::filesystem::path(::testing::TempDir()) / (std::to_string(::getpid()) + name);
}

TEST(TensorFile, GivesBackEveryTypeShapeAndValue) {
  const auto path = scratch("types.safetensors");
  TensorFile written;
  for (const auto type : {torch::kFloat64, torch::kFloat32, torch::kFloat16, torch::kBFloat16, torch::kInt64,
                          torch::kInt32, torch::kInt16, torch::kInt8, torch::kUInt8, torch::kBool}) {
    written.tensors[std::string("t/") + c10::toString(type)] = (at::randn({3, 2, 5}) * 9).abs().to(type);
  }
  written.tensors["scalar"] = torch::ones({});
  written.tensors["empty"] = torch::zeros({0, 7});
  written.tensors["view"] = at::randn({4, 6}).t();
  written.metadata["who"] = "test";
  write_tensor_file(path, written);
  const auto read = read_tensor_file(path);
  EXPECT_EQ(read.metadata, written.metadata);
  ASSERT_EQ(read.tensors.size(), written.tensors.size());
  for (const auto& [name, tensor] : written.tensors) {
    EXPECT_EQ(read.tensors.at(name).scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(read.tensors.at(name).equal(tensor)) << name;
  }
  std::filesystem::remove(path);
}

TEST(TensorFile, AFileCutShortIsRefusedByName) {
  const auto path = scratch("short.safetensors");
  const std::string whole = read_file(REALFACE_FIXTURES "/mae_oracle.safetensors");
  publish_file(path, whole.substr(0, whole.size() - 1));
  try {
    read_tensor_file(path);
    FAIL() << "a file cut short was read";
  } catch (const Error& error) { EXPECT_THAT(error.what(), ::testing::HasSubstr("short.safetensors")); }
  std::filesystem::remove(path);
}

std::string fault_of(const std::string& name, const std::string& bytes) {
  const auto path = scratch(name);
  publish_file(path, bytes);
  std::string message;
  try {
    read_tensor_file(path);
  } catch (const Error& error) { message = error.what(); }
  std::filesystem::remove(path);
  return message;
}

TEST(TensorFile, AnyOtherFileIsRefusedByName) {
  EXPECT_THAT(fault_of("notes.txt", "some weights that nobody saved"), testing::HasSubstr("notes.txt"));
  EXPECT_THAT(fault_of("empty.pth", ""), testing::HasSubstr("empty.pth"));
  EXPECT_THAT(fault_of("other.pkl", "\x80\x04\x95 a dict"), testing::HasSubstr("other.pkl] is a pickle, but not"));
}

}  // namespace
}  // namespace realface::models
