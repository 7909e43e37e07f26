// Looks at what the loader would bind: every CUDA library of the program must come from the folder of wheels it was
// built with.

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <regex>

namespace realface {
namespace {

std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) { return text; }
  std::array<char, 4096> buffer;
  while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) { text += buffer.data(); }
  ::pclose(pipe);
  return text;
}

std::string libraries_of_program() {
  const char* program = std::getenv("REALFACE_PROGRAM");
  return program == nullptr ? "REALFACE_PROGRAM is not set" : output_of("ldd " + std::string(program));
}

TEST(Linkage, NoOtherBlasComesBeforeTheOneInTorch) {
  const std::string listing = libraries_of_program();  // in the order in which symbols are looked up
  const size_t torch = listing.find("libtorch_cpu.so");
  ASSERT_NE(torch, std::string::npos) << listing;
  for (const char* other : {"libopenblas", "libblas", "liblapack", "libdlib"}) {
    EXPECT_GT(listing.find(other), torch) << other;
  }
}

TEST(Linkage, CudaLibrariesComeFromTheWheels) {
  const std::string listing = libraries_of_program();
  ASSERT_NE(listing.find("libtorch_cpu.so"), std::string::npos) << "ldd printed:\n" << listing;

  const auto wheels = std::filesystem::canonical(std::filesystem::path(REALFACE_LIBTORCH_ROOT) / "..");
  const std::regex line(
      "(lib(?:torch|c10|cudart|cudnn|cublas|cufft|cufile|curand|cusolver|cusparse|cupti|nccl|nvrtc|nvshmem|nvJitLink)[^ ]*) => ([^ \n]*)");
  int looked_at = 0;
  for (auto match = std::sregex_iterator(listing.begin(), listing.end(), line); match != std::sregex_iterator();
       ++match, ++looked_at) {
    const std::string path = (*match)[2];
    ASSERT_NE(path, "not") << (*match)[1] << " is not found";
    EXPECT_EQ(std::filesystem::canonical(path).string().rfind(wheels.string(), 0), 0u)
        << (*match)[1] << " is taken from " << path;
  }
  EXPECT_GE(looked_at, 2) << listing;
}

}  // namespace
}  // namespace realface
