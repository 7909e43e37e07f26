#pragma once

namespace realface {

/// Lets the process keep what it frees, and asks for huge pages for large tensors on the CPU. A step allocates what the
/// one before freed; glibc, unlike tcmalloc, returns large blocks to the system and so has every page of them zeroed
/// again. The resident size so stays at its largest. Call it before the first tensor is made and before other threads
/// start.
void keep_freed_memory();

}  // namespace realface
