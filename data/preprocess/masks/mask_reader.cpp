#include "data/preprocess/masks/mask_reader.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "data/codec/codec.h"
#include "data/importers/files.h"
#include "data/preprocess/masks/ssim_mask.h"

namespace realface::data::preprocess {
namespace {

/// Those of `wanted` that the reader has.
std::vector<int32_t> present(const std::vector<int32_t>& wanted, const FrameReader& reader) {
  const auto count = static_cast<int32_t>(reader.info().times_us.size());
  return {wanted.begin(), std::ranges::lower_bound(wanted, count)};
}

/// Ordinals of masks, and of the frames that they belong to.
std::map<int32_t, int32_t> frames_of_masks(const importers::Source& video, const std::vector<int32_t>& wanted,
                                           const FrameReader& masks) {
  std::map<int32_t, int32_t> frame_of;
  if (video.kind != importers::SourceKind::frames || !std::filesystem::is_directory(video.mask_path)) {
    for (const int32_t index : present(wanted, masks)) { frame_of[index] = index; }
    return frame_of;
  }
  std::map<std::string, int32_t> numbered;
  int32_t next = 0;
  for (const auto& file : importers::frame_files(video.mask_path)) {
    numbered.emplace(importers::frame_number(file), next++);
  }
  const auto frames = importers::frame_files(video.path);
  for (const int32_t index : wanted) {
    if (const auto mask = numbered.find(importers::frame_number(frames.at(static_cast<size_t>(index))));
        mask != numbered.end()) {
      frame_of[mask->second] = index;
    }
  }
  return frame_of;
}

std::string size_of(const StreamInfo& info) { return std::to_string(info.width) + " x " + std::to_string(info.height); }

/// A mask may be smaller or larger than its frame, to a pixel of its sides.
bool of_one_shape(const StreamInfo& mask, const StreamInfo& frame) {
  const int64_t across = int64_t{mask.width} * frame.height, down = int64_t{mask.height} * frame.width;
  return std::abs(across - down) <= std::max(frame.width, frame.height);
}

constexpr double kMostArea = 0.8;  // of a frame, or of what is around a face: more was never forged

/// No mask where it would cover too much.
std::optional<FrameMask> mask_of_pair(const Picture& fake, const Frame& real, const MaskRule& rule,
                                      const std::vector<Box>& faces) {
  auto mask = pair_mask(fake, real.picture, rule, faces);
  const double area = rule.name == "ssim" ? area_about(mask, faces) : area_of(mask);
  return area > kMostArea ? std::nullopt : std::optional(std::move(mask));
}

void require_aligned(const Picture& fake, const Picture& real) {
  const auto why = misaligned(fake, real);
  if (!why.empty()) { throw UnalignedPair(why); }
}

}  // namespace

void FrameMasks::add(int32_t index, const FrameMask& mask) {
  packed_[index] = {mask.width, mask.height, encode_mask(mask.bits.data(), mask.height, mask.width)};
}

std::optional<FrameMask> FrameMasks::find(int32_t index) const {
  const auto entry = packed_.find(index);
  if (entry == packed_.end()) { return std::nullopt; }
  const Packed& packed = entry->second;
  FrameMask mask{packed.width, packed.height,
                 std::vector<uint8_t>(static_cast<size_t>(packed.width) * static_cast<size_t>(packed.height))};
  decode_mask(as_blob(packed.bits), mask.height, mask.width, mask.bits.data());
  return mask;
}

importers::Source source_at(const std::string& path) {
  importers::Source source;
  source.path = path;
  if (std::filesystem::is_directory(path)) {
    source.kind = importers::SourceKind::frames;
  } else if (importers::file_kind(path) == importers::FileKind::picture) {
    source.kind = importers::SourceKind::picture;
  }
  return source;
}

int64_t read_shipped_masks(Decoder& decoder, const importers::Source& video, const StreamInfo& info,
                           const std::vector<int32_t>& wanted, FrameMasks& masks) {
  const auto reader = decoder.open(source_at(video.mask_path));
  if (!of_one_shape(reader->info(), info)) {
    throw DataError("[" + video.mask_path + "] has masks of " + size_of(reader->info()) + " and belongs to frames of " +
                    size_of(info) + "; give masks of the same shape, or say --masks none");
  }
  const std::map<int32_t, int32_t> frame_of = frames_of_masks(video, wanted, *reader);
  std::vector<int32_t> ordinals;
  for (const auto& [mask, frame] : frame_of) { ordinals.push_back(mask); }
  reader->read(ordinals, [&](const Frame& mask) { masks.add(frame_of.at(mask.index), shipped_mask(mask.picture)); });
  return static_cast<int64_t>(reader->info().times_us.size());
}

int64_t read_pair_masks(Decoder& decoder, const std::string& original, const FakeFrames& fake, const MaskRule& rule,
                        FrameMasks& masks) {
  const auto reader = decoder.open(source_at(original));
  const std::vector<int32_t> common = present(fake.wanted, *reader);
  bool compared = false, too_large = false;
  for (size_t from = 0; from < common.size(); from += fake.at_once) {
    const size_t to = std::min(from + fake.at_once, common.size());
    const std::vector<int32_t> lot(common.begin() + static_cast<std::ptrdiff_t>(from),
                                   common.begin() + static_cast<std::ptrdiff_t>(to));
    const Pictures held = fake.pictures(lot);
    reader->read(lot, [&](const Frame& frame) {
      const auto picture = held.find(frame.index);
      if (picture == held.end()) { return; }
      if (!std::exchange(compared, true)) { require_aligned(*picture->second, frame.picture); }
      const auto mask = mask_of_pair(*picture->second, frame, rule, fake.faces.at(frame.index));
      if (mask) { return masks.add(frame.index, *mask); }
      too_large = true;
      if (rule.name == "ssim") { return; }
      throw UnalignedPair("frame " + std::to_string(frame.index) + " differs from its original nearly everywhere");
    });
  }
  if (masks.empty() && too_large) {
    throw DataError("[" + original +
                    "] the face differs from it nearly everywhere in every frame, which another "
                    "compression does too; give originals of the same compression, or say --mask-rule difference");
  }
  return static_cast<int64_t>(reader->info().times_us.size());
}

}  // namespace realface::data::preprocess
