#include "base/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "base/error.h"

namespace realface::safetensors {
namespace {

using ::testing::HasSubstr;

/// A file's start with this JSON.
std::string framed(const std::string& json) {
  std::string start(8, '\0');
  for (size_t i = 0; i < 8; ++i) { start[i] = static_cast<char>((json.size() >> (8 * i)) & 0xFF); }
  return start + json;
}

/// The message of the refusal of a header in front of `data` bytes, "" where it is accepted.
std::string refusal(const std::string& json, uint64_t data) {
  const std::string start = framed(json);
  try {
    parse_header(start, start.size() + data, "x");
    return "";
  } catch (const Error& error) { return error.what(); }
}

std::string one(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"w":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
}

TEST(Safetensors, ReadsAndRewritesAFileOfTheReferenceLibraryByteForByte) {
  const std::string file = read_file(REALFACE_FIXTURES "/mae_oracle.safetensors");
  auto header = parse_header(file, file.size());
  EXPECT_EQ(header.metadata.at("made_by"), "tests/fixtures/mae_fixture.py");
  const auto begin = header.data_begin;
  std::reverse(header.tensors.begin(), header.tensors.end());
  EXPECT_TRUE(encode_header(header.tensors, header.metadata) == file.substr(0, begin));
}

TEST(Safetensors, EncodesInOrderOfElementSizeThenNameWithoutHoles) {
  std::vector<TensorEntry> tensors = {
      {"b", "U8", {3}}, {"z", "F64", {2}}, {"c", "BF16", {0, 4}}, {"a", "F32", {}}, {"d", "BF16", {5}}};
  const std::string start = encode_header(tensors, {{"step", "7"}});
  EXPECT_EQ(start.size() % 8, 0u);
  const auto header = parse_header(start, start.size() + 16 + 4 + 10 + 3);
  std::string order;
  for (const auto& tensor : header.tensors) { order += tensor.name; }
  EXPECT_EQ(order, "zacdb");
  EXPECT_EQ(header.tensors[4].begin, 30u);
  EXPECT_EQ(header.metadata.at("step"), "7");
}

TEST(Safetensors, AcceptsAnEmptyFileAndScalars) {
  EXPECT_EQ(refusal("{}", 0), "");
  EXPECT_EQ(refusal("{}   ", 0), "");
  EXPECT_EQ(refusal(one("I64", "[]", "[0,8]"), 8), "");
}

TEST(Safetensors, RefusesWhatIsCutShortOrNoSuchFile) {
  EXPECT_THROW(header_bytes("1234567", 7), Error);
  EXPECT_THROW(header_bytes(std::string(8, '\xFF'), 1000), Error);
  EXPECT_THROW(header_bytes(framed("{}").substr(0, 8), 9), Error);
  EXPECT_THROW(parse_header(framed("{}").substr(0, 9), 10), Error);
  EXPECT_THAT(refusal(one("F32", "[2]", "[0,8]"), 7), HasSubstr("cut short"));
  EXPECT_THAT(refusal(one("F32", "[2]", "[0,8]"), 9), HasSubstr("cut short or grew"));
  EXPECT_THAT(refusal("[1]", 0), HasSubstr("does not begin"));
  EXPECT_THAT(refusal(R"({"w")", 0), HasSubstr("not JSON"));
}

TEST(Safetensors, RefusesTensorsThatContradictThemselves) {
  EXPECT_THAT(refusal(one("F31", "[2]", "[0,8]"), 8), HasSubstr("F31"));
  EXPECT_THAT(refusal(one("F32", "[3]", "[0,8]"), 8), HasSubstr("not the size"));
  EXPECT_THAT(refusal(one("F32", "[2]", "[8,0]"), 8), HasSubstr("not the size"));
  EXPECT_THAT(refusal(one("F32", "[-2]", "[0,8]"), 8), HasSubstr("not described"));
  EXPECT_THAT(refusal(one("F32", "[2.0]", "[0,8]"), 8), HasSubstr("not described"));
  EXPECT_THAT(refusal(one("F32", "[4294967296,4294967296]", "[0,8]"), 8), HasSubstr("larger than"));
  EXPECT_THAT(refusal(R"({"w":{"dtype":"F32","shape":[2]}})", 8), HasSubstr("not described"));
  EXPECT_THAT(refusal(R"({"w":[]})", 8), HasSubstr("not described"));
  EXPECT_THAT(refusal(R"({"__metadata__":{"a":1}})", 0), HasSubstr("not a string"));
}

TEST(Safetensors, RefusesOverlapHoleAndRepeatedName) {
  const auto two = [](const std::string& a, const std::string& b, const std::string& second = "b") {
    return R"({"a":{"dtype":"U8","shape":[4],"data_offsets":)" + a + R"(},")" + second +
           R"(":{"dtype":"U8","shape":[4],"data_offsets":)" + b + "}}";
  };
  EXPECT_EQ(refusal(two("[4,8]", "[0,4]"), 8), "");
  EXPECT_THAT(refusal(two("[0,4]", "[2,6]"), 6), HasSubstr("overlap"));
  EXPECT_THAT(refusal(two("[0,4]", "[5,9]"), 9), HasSubstr("hole"));
  EXPECT_THAT(refusal(two("[0,4]", "[4,8]", "a"), 8), HasSubstr("twice"));
}

TEST(Safetensors, RefusesToWriteWhatItCouldNotRead) {
  std::vector<TensorEntry> twice = {{"a", "F32", {1}}, {"a", "F32", {1}}};
  EXPECT_THROW(encode_header(twice), Error);
  std::vector<TensorEntry> reserved = {{"__metadata__", "F32", {1}}};
  EXPECT_THROW(encode_header(reserved), Error);
  std::vector<TensorEntry> unknown = {{"a", "complex", {1}}};
  EXPECT_THROW(encode_header(unknown), Error);
}

}  // namespace
}  // namespace realface::safetensors
