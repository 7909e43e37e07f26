#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace realface::configs {

/// A folder of its own for each test, removed with it.
class Scratch : public testing::Test {
 protected:
  Scratch() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() /
              ("realface-" + std::string(test->name()) + "-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
  }
  ~Scratch() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) const {
    const auto path = folder_ / name;
    std::ofstream(path) << text;
    return path.string();
  }

  std::filesystem::path folder_;
};

/// What `work` throws of type Exception, as text; "" where it does not throw.
template <class Exception, class Work>
std::string message_of(const Work& work) {
  try {
    work();
  } catch (const Exception& error) {
    return error.what();
  }
  return "";
}

}  // namespace realface::configs
