#include "base/exception_text.h"

#include <c10/util/Exception.h>

#include <new>

namespace realface {
namespace {

constexpr const char* kNoMemory = "[memory] ";
constexpr const char* kRemedy = "; lower train.batch or the sizes of the model, or give the process more memory";

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

bool tells_of_memory(const std::string& text) {
  return text.find("allocate memory") != text.npos || text.find("out of memory") != text.npos;
}

}  // namespace

std::string exception_text(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) {
    return std::string(kNoMemory) + "an allocation failed" + kRemedy;
  }
  const auto* torch = dynamic_cast<const c10::Error*>(&error);
  if (torch == nullptr) { return error.what(); }
  const auto text = first_line(torch->what_without_backtrace());
  return tells_of_memory(text) ? kNoMemory + text + kRemedy : text;
}

}  // namespace realface
