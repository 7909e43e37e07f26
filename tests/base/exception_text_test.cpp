#include "base/exception_text.h"

#include <ATen/ops/empty.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace realface {
namespace {

/// The text of what `work` throws.
template <class Work>
std::string text_of(const Work& work) {
  try {
    work();
  } catch (const std::exception& error) { return exception_text(error); }
  return "";
}

TEST(ExceptionText, OfOurErrorsIsTheirMessage) {
  EXPECT_EQ(text_of([] { throw Error("[data] two\nlines"); }), "[data] two\nlines");
}

TEST(ExceptionText, SaysWhatToDoAboutMemory) {
  const auto text = text_of([] { throw std::bad_alloc(); });
  EXPECT_TRUE(text.starts_with("[memory] an allocation failed; lower train.batch")) << text;
}

TEST(ExceptionText, OfLibtorchIsOneLineWithoutAStackTrace) {
  const auto memory = text_of([] { return at::empty({int64_t{1} << 50}); });
  EXPECT_TRUE(memory.starts_with("[memory] ")) << memory;
  EXPECT_NE(memory.find("you tried to allocate 4503599627370496 bytes"), std::string::npos) << memory;
  EXPECT_EQ(memory.find('\n'), std::string::npos) << memory;
  const auto shape = text_of([] { return at::empty({2, 3}).view({5}); });
  EXPECT_NE(shape.find("shape '[5]' is invalid"), std::string::npos) << shape;
  EXPECT_EQ(shape.find('\n'), std::string::npos) << shape;
}

}  // namespace
}  // namespace realface
