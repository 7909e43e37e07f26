#pragma once

#include <functional>
#include <string>

namespace realface::launcher {

/// Runs `work` and writes what libtorch's profiler (Kineto) saw of it: operators and memory, and on a GPU its kernels,
/// copies and the calls of the CUDA runtime. A Chrome trace, which ui.perfetto.dev shows. Throws Error if it cannot be
/// written.
void write_trace(const std::string& path, bool on_gpu, const std::function<void()>& work);

}  // namespace realface::launcher
