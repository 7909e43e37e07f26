#include "base/tensor_dtypes.h"

#include <array>
#include <utility>

#include "base/error.h"

namespace realface {
namespace {

using torch::ScalarType;

constexpr std::array<std::pair<ScalarType, const char*>, 10> kNames = {{{ScalarType::Double, "F64"},
                                                                        {ScalarType::Float, "F32"},
                                                                        {ScalarType::Half, "F16"},
                                                                        {ScalarType::BFloat16, "BF16"},
                                                                        {ScalarType::Long, "I64"},
                                                                        {ScalarType::Int, "I32"},
                                                                        {ScalarType::Short, "I16"},
                                                                        {ScalarType::Char, "I8"},
                                                                        {ScalarType::Byte, "U8"},
                                                                        {ScalarType::Bool, "BOOL"}}};

}  // namespace

std::string dtype_name(ScalarType type) {
  for (const auto& [known, name] : kNames) {
    if (known == type) { return name; }
  }
  throw Error(std::string("[safetensors] a tensor is of dtype ") + c10::toString(type) +
              "; files hold real numbers, integers and booleans; convert it before it is saved");
}

ScalarType dtype_of(const std::string& name) {
  for (const auto& [type, known] : kNames) {
    if (name == known) { return type; }
  }
  throw Error("[safetensors] a tensor is of dtype '" + name +
              "'; this program knows F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL; read it with a newer one");
}

}  // namespace realface
