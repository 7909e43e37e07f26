#pragma once

#include <cstdint>
#include <filesystem>

namespace realface::launcher {

/// Writes what an update of a run was computed from as one safetensors file, so that a batch can be checked without
/// reading code: for each stream NAME, samples in the order of their positions over all ranks,
///
///     NAME.samples   i64 [B]           number of the first frame in the whole dataset
///     NAME.epochs    i64 [B]
///     NAME.flips     u8 [B]            1: mirrored
///     NAME.images    u8 [B, H, W, 3]   as the network gets them, after mirroring; clips: [B, T, H, W, 3]
///     NAME.landmarks f32 [B, 68, 2]
///     NAME.labels    i64 [B]
///     NAME.mask      bool [B, N]       of streams that draw one; likewise NAME.tampered, u8 [B, H, W]
///
/// docs/step.md says how each of them is drawn. `step` counts as the log does: 1 is the first update; of a run that
/// always had the batch size of its config.yaml. Reads the run's shards, on this process alone. Throws ConfigError for
/// a folder that is no run, DataError for shards that are not those of the run.
void write_batch(const std::filesystem::path& run_dir, int64_t step, const std::filesystem::path& out);

}  // namespace realface::launcher
