#include "models/importing/import.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "models/importing/conversions.h"
#include "models/importing/expected.h"

namespace realface::models {
namespace {

using importing::Expected;
using importing::Shapes;
using importing::Sizes;
using Names = std::vector<std::string>;

constexpr const char* kNonCommercial = "CC-BY-NC-4.0";

struct Kind {
  const char *name, *what, *licence;
  Expected (*expect)(const Sizes& sizes, const ImportOptions& options);
};

constexpr std::array<Kind, 9> kKinds{{
    {"mae", "masked autoencoder of pictures: facebookresearch/mae, transformers' ViTMAE", kNonCommercial,
     importing::expected_mae},
    {"vit", "vision transformer: timm", "", importing::expected_vit},
    {"video_mae", "masked autoencoder of clips: VideoMAE, transformers' VideoMAE", kNonCommercial,
     importing::expected_video_mae},
    {"marlin", "MARLIN, encoder or whole", kNonCommercial, importing::expected_video_mae},
    {"resnet18", "ResNet-18: torchvision", "", importing::expected_resnet18},
    {"senet154", "SENet-154: pretrainedmodels, timm", "", importing::expected_senet154},
    {"se_resnet50", "SE-ResNet-50: likewise", "", importing::expected_se_resnet50},
    {"xception", "Xception: pretrainedmodels, timm", "", importing::expected_xception},
    {"rffr", "masked autoencoder of RFFR", "MIT", importing::expected_mae},
}};

const Kind& kind_of(const std::string& name) {
  const auto* found = std::ranges::find(kKinds, name, &Kind::name);
  if (found != kKinds.end()) { return *found; }
  Names known;
  for (const auto& kind : kKinds) { known.emplace_back(kind.name); }
  throw Error(fmt::format("[import] there is no kind '{}'; known are {}", name, fmt::join(known, ", ")));
}

bool begins_with_any(const std::string& name, const Names& beginnings) {
  return std::ranges::any_of(beginnings, [&](const auto& beginning) { return name.starts_with(beginning); });
}

/// "head" allows head.weight and itself.
bool allowed(const std::string& name, const Names& names) {
  return std::ranges::any_of(names, [&](const auto& one) { return name == one || name.starts_with(one + "."); });
}

bool fits(at::IntArrayRef shape, const std::vector<int64_t>& wanted) {
  return std::ranges::equal(shape, wanted, [](int64_t a, int64_t b) { return a == b || b == importing::kAny; });
}

std::string listed(const char* what, Names names) {
  constexpr size_t kShown = 20;
  if (names.empty()) { return ""; }
  const size_t more = names.size() - std::min(kShown, names.size());
  names.resize(names.size() - more);
  return fmt::format("\n  {}:\n    {}{}", what, fmt::join(names, "\n    "),
                     more > 0 ? fmt::format("\n    and {} more", more) : "");
}

/// What of a file is taken, and how the rest differs from what is expected.
struct Comparison {
  Tensors taken;
  Names missing, unexpected, misshapen, left_out;
};

/// Null: no such tensor is expected.
const std::vector<int64_t>* wanted_shape(const Expected& expected, const std::string& name) {
  for (const auto* shapes : {&expected.required, &expected.optional}) {
    if (const auto found = shapes->find(name); found != shapes->end()) { return &found->second; }
  }
  return nullptr;
}

Comparison compare_with(const Expected& expected, const Tensors& tensors, const ImportOptions& options) {
  Comparison result;
  for (const auto& [name, tensor] : tensors) {
    const auto* wanted = wanted_shape(expected, name);
    if (wanted == nullptr) {
      const bool expendable = begins_with_any(name, expected.left_out) || allowed(name, options.allow_unexpected);
      (expendable ? result.left_out : result.unexpected).push_back(name);
    } else if (fits(tensor.sizes(), *wanted)) {
      result.taken[name] = tensor;
    } else if (allowed(name, options.allow_missing)) {
      result.left_out.push_back(name);
    } else {
      result.misshapen.push_back(
          fmt::format("{} is {}, expected {}", name, fmt::join(tensor.sizes(), "x"), fmt::join(*wanted, "x")));
    }
  }
  for (const auto& [name, shape] : expected.required) {
    if (!tensors.contains(name) && !allowed(name, options.allow_missing)) { result.missing.push_back(name); }
  }
  return result;
}

void require_fit(const Comparison& found, const std::filesystem::path& path, const ImportOptions& options) {
  if (found.missing.empty() && found.unexpected.empty() && found.misshapen.empty()) { return; }
  throw Error(fmt::format(
      "[{}] does not fit --as {}; give another kind, or allow by name what may be missing (--allow-missing) or left out (--allow-unexpected):{}{}{}",
      path.string(), options.kind, listed("missing", found.missing), listed("unexpected", found.unexpected),
      listed("of another shape", found.misshapen)));
}

/// Position tables and inflation, as far as asked for.
void convert(Tensors& tensors, const ImportOptions& options, const std::filesystem::path& path) {
  if (options.inflate_tubelet > 0) {
    importing::inflate(tensors, options.inflate_tubelet, path);
  } else if (options.grid > 0 || (options.image > 0 && tensors.contains("pos_embed"))) {
    const Sizes sizes(tensors, path);
    const int64_t patch = sizes.of("patch_embed.proj.weight", -1);
    if (options.grid == 0 && options.image % patch != 0) {
      sizes.refuse(fmt::format("has patches of {} pixels, which do not divide --image {}", patch, options.image));
    }
    importing::resize_positions(tensors, options.grid > 0 ? options.grid : options.image / patch, path);
  }
}

std::string licence_of(const TensorFile& file, const Kind& kind, const ImportOptions& options) {
  if (!options.licence.empty()) { return options.licence; }
  for (const char* key : {"license", "licence"}) {
    if (const auto found = file.metadata.find(key); found != file.metadata.end()) { return found->second; }
  }
  return kind.licence;
}

}  // namespace

std::vector<ImportKind> import_kinds() {
  std::vector<ImportKind> kinds;
  for (const auto& kind : kKinds) { kinds.push_back({kind.name, kind.what}); }
  return kinds;
}

Imported import_weights(const TensorFile& file, const std::filesystem::path& path, const ImportOptions& options) {
  const auto& kind = kind_of(options.kind);
  auto tensors = translated(file.tensors, path);
  convert(tensors, options, path);
  auto asked = options;
  if (options.inflate_tubelet > 0) { asked.frames = options.inflate_frames; }
  const auto expect = options.inflate_tubelet > 0 ? importing::expected_video_mae : kind.expect;
  const auto expected = expect(Sizes(tensors, path), asked);
  const auto found = compare_with(expected, tensors, options);
  require_fit(found, path, options);
  Imported imported;
  for (const auto& [name, tensor] : found.taken) {
    imported.file.tensors[(of_decoder(name) ? "" : expected.encoder_prefix) + name] = tensor;
  }
  imported.licence = licence_of(file, kind, options);
  if (!imported.licence.empty()) { imported.file.metadata["license"] = imported.licence; }
  if (!expected.description.is_null()) { imported.file.metadata["description"] = expected.description.dump(); }
  if (!found.left_out.empty()) {
    imported.notes.push_back(fmt::format("left out: {}", fmt::join(found.left_out, ", ")));
  }
  return imported;
}

}  // namespace realface::models
