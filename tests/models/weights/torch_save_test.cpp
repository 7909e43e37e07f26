#include <ATen/ops/arange.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "models/weights/tensor_file.h"
#include "models/weights/torch_save/saved_tensors.h"
#include "tests/models/weights/pickles.h"
#include "tests/temporary_folder.h"

/// Files of torch.save: those that it wrote (fixtures/weights_fixture.py), and hostile ones.
namespace realface::models {
namespace {

using testing::HasSubstr;

const std::string kFiles = REALFACE_FIXTURES "/weights/";

std::map<std::string, torch::Tensor> wanted(const std::string& name) {
  static const auto kAll = read_tensor_file(kFiles + "expected.safetensors");
  std::map<std::string, torch::Tensor> tensors;
  for (const auto& [full, tensor] : kAll.tensors) {
    if (full.starts_with(name + "/")) { tensors[full.substr(name.size() + 1)] = tensor; }
  }
  return tensors;
}

void expect_same(const std::map<std::string, torch::Tensor>& read, const std::string& name,
                 const std::string& prefix = "") {
  const auto expected = wanted(name);
  EXPECT_EQ(read.size(), expected.size());
  for (const auto& [own, tensor] : expected) {
    ASSERT_TRUE(read.contains(prefix + own)) << own;
    const auto& found = read.at(prefix + own);
    EXPECT_EQ(found.scalar_type(), tensor.scalar_type()) << own;
    EXPECT_TRUE(found.equal(tensor)) << own;
    EXPECT_TRUE(found.is_contiguous()) << own;
  }
}

class TorchSave : public testing::Test {
 protected:
  /// What is said of a file that is refused; it must name the file.
  static std::string fault(const std::string& bytes) {
    try {
      torch_save::saved_tensors(bytes, "weights.pth");
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("[weights.pth]"));
      return error.what();
    }
    return "";
  }
};

TEST_F(TorchSave, ZipAndLegacyStreamGiveTheSameTensors) {
  for (const std::string name : {"zip.pth", "legacy.pth", "views.pth", "views_legacy.pth"}) {
    expect_same(read_tensor_file(kFiles + name).tensors, name);
  }
}

TEST_F(TorchSave, ACheckpointGivesItsModelWhateverElseItHolds) {
  expect_same(read_tensor_file(kFiles + "checkpoint.pth").tensors, "checkpoint.pth", "module.");
}

TEST_F(TorchSave, AWholeModuleIsRefusedByItsClass) {
  const auto message = fault(read_file(kFiles + "whole_module.pth"));
  EXPECT_THAT(message, HasSubstr("an object of torch.nn.modules.container.Sequential"));
  EXPECT_THAT(message, HasSubstr("state_dict()"));
}

TEST_F(TorchSave, TheDictOfPython2IsRead) {
  const auto pairs = pickles::list({pickles::list({pickles::text("w"), pickles::tensor()})});
  const auto dict = "ccollections\nOrderedDict\n" + pairs + "\x85R";
  const TemporaryFolder folder;
  const auto tensors = read_tensor_file(folder.write("old.pth", pickles::legacy(dict, 4))).tensors;
  ASSERT_TRUE(tensors.contains("w"));
  EXPECT_TRUE(tensors.at("w").equal(at::arange(4, torch::kFloat32)));
}

TEST_F(TorchSave, ParametersAsTheyWereIn2017AreRead) {
  const auto parameter = "ctorch.nn.parameter\nParameter\n" + pickles::tensor() + "\x85R\x88\x89N\x87" + "b";
  EXPECT_EQ(fault(pickles::legacy(pickles::dict("w", parameter), 4)), "");
}

TEST_F(TorchSave, CutShortAnywhereItIsRefused) {
  for (const std::string name : {"zip.pth", "legacy.pth"}) {
    const auto whole = read_file(kFiles + name);
    EXPECT_EQ(fault(whole), "");
    for (size_t size = 0; size < whole.size(); ++size) {
      EXPECT_NE(fault(whole.substr(0, size)), "") << name << " of " << size << " bytes";
    }
  }
}

TEST_F(TorchSave, WithAnyByteChangedItIsReadOrRefused) {
  for (const std::string name : {"zip.pth", "views_legacy.pth"}) {
    const auto whole = read_file(kFiles + name);
    int refused = 0;
    for (size_t place = 0; place < whole.size(); ++place) {
      auto bytes = whole;
      bytes[place] = static_cast<char>(bytes[place] ^ 0xFF);
      refused += fault(bytes).empty() ? 0 : 1;
    }
    EXPECT_GT(refused, 500) << name;
  }
}

TEST_F(TorchSave, OtherInstructionsAreRefused) {
  const std::string known = "NcehjqrstubaGJKMQRUX()]}.\x80\x81\x85\x86\x87\x88\x89\x8a";
  for (int code = 0; code < 256; ++code) {
    if (known.find(static_cast<char>(code)) != std::string::npos) { continue; }
    const auto message = fault(pickles::legacy(std::string(1, static_cast<char>(code)), 0));
    EXPECT_THAT(message, HasSubstr(fmt::format("instruction {:#04x}", code)));
  }
  EXPECT_THAT(fault(pickles::legacy("\x80\x04", 0)), HasSubstr("protocol 4"));
}

TEST_F(TorchSave, NothingIsCalled) {
  const auto dict = pickles::dict("w", "cposix\nsystem\n" + pickles::text("true") + "\x85R");
  EXPECT_THAT(fault(pickles::legacy(dict, 0)), HasSubstr("no tensors by name"));
  EXPECT_THAT(fault(pickles::legacy("cposix\nsystem\n" + pickles::text("true") + "\x85R", 0)),
              HasSubstr("an object of posix.system"));
}

TEST_F(TorchSave, DeepNestingTakesNoStack) {
  constexpr size_t kDeep = 1'000'000;
  EXPECT_THAT(fault(pickles::legacy(std::string(kDeep, ']') + std::string(kDeep - 1, 'a'), 0)),
              HasSubstr("no tensors by name"));
  EXPECT_THAT(fault(pickles::legacy(std::string(kDeep, '('), 0)), HasSubstr("not there"));
  std::string tuples = ")";
  for (size_t i = 0; i < kDeep; ++i) { tuples += '\x85'; }
  EXPECT_THAT(fault(pickles::legacy(tuples, 0)), HasSubstr("no tensors by name"));
}

TEST_F(TorchSave, CirclesAreHarmless) {
  EXPECT_THAT(fault(pickles::legacy("]q\x01h\x01" + std::string("a"), 0)), HasSubstr("no tensors by name"));
  const auto own = "}q\x01" + pickles::text("model") + "h\x01s";
  EXPECT_THAT(fault(pickles::legacy(own, 0)), HasSubstr("no tensors by name"));
}

TEST_F(TorchSave, ValuesWithoutEndAreRefused) {
  constexpr size_t kMany = 5'000'000;
  EXPECT_THAT(fault(pickles::legacy(std::string(kMany, ']'), 0)), HasSubstr("than any file of weights"));
  EXPECT_THAT(fault(pickles::legacy("Nq\x01" + std::string(kMany, '0'), 0)), HasSubstr("instruction 0x30"));
  std::string again = "]q\x01(";  // a list of its own self, many times; then gathered again and again
  for (size_t i = 0; i < kMany; ++i) { again += "h\x01"; }
  EXPECT_THAT(fault(pickles::legacy(again, 0)), HasSubstr("beyond all use"));
}

TEST_F(TorchSave, ATensorOfManyDimensionsIsNotMadeAgainAndAgain) {
  const std::vector<std::string> sizes(64, pickles::whole(1));
  const auto arguments =
      pickles::tuple({pickles::storage(), pickles::whole(0), pickles::tuple(sizes), pickles::tuple(sizes)});
  std::string again = "ctorch._utils\n_rebuild_tensor\nq\x01" + arguments + "q\x02R";
  for (int i = 0; i < 300'000; ++i) { again += "h\x01h\x02R"; }
  EXPECT_THAT(fault(pickles::legacy(again, 4)), HasSubstr("than those of any file of weights"));
}

TEST_F(TorchSave, SizesAndPlacesThatCannotBeAreRefused) {
  const auto refused = [&](const pickles::TensorWords& words) {
    return fault(pickles::legacy(pickles::dict("w", pickles::tensor(words)), 4));
  };
  const auto huge = pickles::whole(INT64_MAX), most = pickles::whole(INT64_MAX / 2);
  EXPECT_EQ(refused({}), "");
  EXPECT_THAT(refused({.offset = pickles::whole(1)}), HasSubstr("'w' of shape 4 reaches beyond its storage"));
  EXPECT_THAT(refused({.offset = huge}), HasSubstr("beyond"));
  EXPECT_THAT(refused({.offset = pickles::whole(-1)}), HasSubstr("a size of -1"));
  EXPECT_THAT(refused({.shape = {pickles::whole(5)}}), HasSubstr("beyond"));
  EXPECT_THAT(refused({.shape = {huge}}), HasSubstr("beyond"));
  EXPECT_THAT(refused({.shape = {pickles::whole(-4)}}), HasSubstr("a size of -4"));
  EXPECT_THAT(refused({.strides = {pickles::whole(2)}}), HasSubstr("beyond"));
  EXPECT_THAT(refused({.strides = {most}}), HasSubstr("beyond"));
  EXPECT_THAT(refused({.strides = {pickles::whole(-1)}}), HasSubstr("a size of -1"));
  EXPECT_THAT(refused({.strides = {}}), HasSubstr("fewer strides"));
  EXPECT_THAT(refused({.elements = pickles::whole(5)}), HasSubstr("of 5 elements in 16 bytes"));
  EXPECT_THAT(refused({.elements = pickles::whole(3)}), HasSubstr("beyond its storage of 3 elements"));
  EXPECT_THAT(refused({.type = "ComplexFloat"}), HasSubstr("torch.ComplexFloatStorage"));
  EXPECT_THAT(refused({.shape = {huge, huge}, .strides = {pickles::whole(0), pickles::whole(0)}}),
              HasSubstr("would unfold"));
  EXPECT_THAT(refused({.shape = {pickles::whole(0), huge, huge}, .strides = {huge, huge, huge}}),
              HasSubstr("would unfold"));
  EXPECT_THAT(refused({.shape = std::vector<std::string>(65, huge), .strides = {}}), HasSubstr("65 dimensions"));
}

TEST_F(TorchSave, StoragesThatDoNotFitTheFileAreRefused) {
  const auto dict = pickles::dict("w", pickles::tensor());
  EXPECT_THAT(fault(pickles::legacy(dict, 4, UINT64_MAX)), HasSubstr("impossible size"));
  EXPECT_THAT(fault(pickles::legacy(dict, 4, uint64_t{1} << 61U)), HasSubstr("ends at byte"));
  EXPECT_THAT(fault(pickles::legacy(dict, 3, 4)), HasSubstr("ends at byte"));
  EXPECT_THAT(fault(pickles::legacy(dict, 3)), HasSubstr("beyond"));
}

TEST_F(TorchSave, ZipsOfOtherKindsAreRefused) {
  const std::string pickle = "\x80\x02" + pickles::dict("w", pickles::tensor()) + ".";
  const std::string numbers(16, '\0');
  EXPECT_EQ(fault(pickles::zip({{"x/data.pkl", pickle}, {"x/data/0", numbers}})), "");
  EXPECT_THAT(fault(pickles::zip({{"x/data.pkl", pickle}})), HasSubstr("the storage '0' of 'w' is missing"));
  EXPECT_THAT(fault(pickles::zip({{"x/data.pkl", pickle}, {"x/data/0", numbers}, {"x/byteorder", "big"}})),
              HasSubstr("little-endian"));
  EXPECT_THAT(fault(pickles::zip({{"x/data.pkl", pickle}, {"x/constants.pkl", ""}})), HasSubstr("TorchScript"));
  EXPECT_THAT(fault(pickles::zip({{"notes.txt", "x"}})), HasSubstr("without data.pkl"));
  EXPECT_THAT(fault(pickles::zip({{"x/data.pkl", pickle}, {"x/data.pkl", pickle}})), HasSubstr("two entries"));
  EXPECT_THAT(fault(pickles::zip({{"x/data.pkl", pickle}, {"x/data/0", numbers}}, /*method=*/8)),
              HasSubstr("is compressed"));
}

}  // namespace
}  // namespace realface::models
