#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/temporary_folder.h"

namespace realface::configs {

/// A folder of its own for each test, removed with it.
class Scratch : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) const { return scratch_.write(name, text); }

  TemporaryFolder scratch_;
  std::filesystem::path folder_ = scratch_.path();
};

/// What `work` throws of type Exception, as text; "" where it does not throw.
template <class Exception, class Work>
std::string message_of(const Work& work) {
  try {
    work();
  } catch (const Exception& error) { return error.what(); }
  return "";
}

}  // namespace realface::configs
