#include "data/preprocess/masks/mask_reader.h"

#include <algorithm>
#include <filesystem>

#include "data/codec/codec.h"
#include "data/importers/files.h"

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

constexpr double kMostArea = 0.8;  // of a frame: more was never one face

FrameMask mask_of_pair(const Picture& fake, const Frame& real, const MaskRule& rule, bool first) {
  const auto why = first ? misaligned(fake, real.picture) : std::string();
  if (!why.empty()) { throw UnalignedPair(why); }
  auto mask = pair_mask(fake, real.picture, rule);
  if (area_of(mask) <= kMostArea) { return mask; }
  throw UnalignedPair("frame " + std::to_string(real.index) + " differs from its original nearly everywhere");
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

void read_shipped_masks(Decoder& decoder, const importers::Source& video, const std::vector<int32_t>& wanted,
                        FrameMasks& masks) {
  const auto reader = decoder.open(source_at(video.mask_path));
  const std::map<int32_t, int32_t> frame_of = frames_of_masks(video, wanted, *reader);
  std::vector<int32_t> ordinals;
  for (const auto& [mask, frame] : frame_of) { ordinals.push_back(mask); }
  reader->read(ordinals, [&](const Frame& mask) { masks.add(frame_of.at(mask.index), shipped_mask(mask.picture)); });
}

void read_pair_masks(Decoder& decoder, const std::string& original, const std::vector<int32_t>& wanted, size_t at_once,
                     const MaskRule& rule, const GetPictures& fakes, FrameMasks& masks) {
  const auto reader = decoder.open(source_at(original));
  const std::vector<int32_t> common = present(wanted, *reader);
  for (size_t from = 0; from < common.size(); from += at_once) {
    const size_t to = std::min(from + at_once, common.size());
    const std::vector<int32_t> lot(common.begin() + static_cast<std::ptrdiff_t>(from),
                                   common.begin() + static_cast<std::ptrdiff_t>(to));
    const Pictures held = fakes(lot);
    reader->read(lot, [&](const Frame& frame) {
      const auto fake = held.find(frame.index);
      if (fake != held.end()) { masks.add(frame.index, mask_of_pair(*fake->second, frame, rule, masks.empty())); }
    });
  }
}

}  // namespace realface::data::preprocess
