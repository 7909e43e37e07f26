#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

/// What is inside a folder of shards, for people and for scripts. Throw DataError where there is no readable dataset.
namespace realface::data {

/// True where `folder` holds a manifest of shards, or is itself a shard file.
bool is_shards(const std::filesystem::path& path);

/// Everything that `inspect` prints, of a folder of shards or of one shard file: totals, splits, classes, videos by
/// status, frames by flag, sizes, digests, what made it.
nlohmann::json inspect_shards(const std::filesystem::path& path);
std::string inspect_text(const nlohmann::json& facts);

/// What a contact sheet shows: the faces of all videos with their landmarks, or the real ones blended onto themselves
/// (data/faces/self_blend.h), as `sbi` makes them in training.
enum class Sheet : uint8_t { stored, self_blended };

/// A PNG of up to 48 faces, drawn evenly from all videos with frames. Each has its label, the outline of its mask, and
/// what the mask was made from.
void write_contact_sheet(const std::filesystem::path& path, const std::filesystem::path& out_png,
                         Sheet kind = Sheet::stored);

/// Progress of verify_shards: bytes checked so far, of how many.
using VerifyProgress = std::function<void(int64_t done, int64_t total)>;

/// Checks every byte of a folder of shards (manifest, digests, index, CRC and decoding of each frame and mask, strange
/// files) or of one shard file. One line for each fault; empty when all is well. Does not throw for damage.
std::vector<std::string> verify_shards(const std::filesystem::path& path, const VerifyProgress& progress = {});

}  // namespace realface::data
