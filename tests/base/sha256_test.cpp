#include "base/sha256.h"

#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "base/error.h"

namespace realface {
namespace {

TEST(Sha256, GivesTheAnswersOfFips180) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, IsTheSameInPieces) {
  Sha256 sum;
  sum.update("a");
  sum.update("bc");
  EXPECT_EQ(hex(sum.finish()), sha256_hex("abc"));
}

TEST(Sha256, NamesAFileItCannotOpen) {
  try {
    sha256_file("/nonexistent/file");
    FAIL() << "no error";
  } catch (const Error& error) { EXPECT_NE(std::string(error.what()).find("/nonexistent/file"), std::string::npos); }
}

}  // namespace
}  // namespace realface
