#pragma once

#include <cstddef>
#include <string>

#include "tests/gpu/stand_in/record.h"

/// What the parts of the stand-in ask of one another.
namespace realface::stand_in {

void count(int64_t Counts::*what);
void note(const std::string& call, const void* stream);
void note_hazard(const std::string& text);
/// Whether the function is to fail now; if it is to hang, does not return.
bool takes_fault(const std::string& function);
int nccl_async_error();
bool is_capturing();

bool is_pinned(const void* pointer);
/// Memory that the runtime knows as pinned, never freed: a copy may still read it.
void* allocate_pinned(size_t bytes);

}  // namespace realface::stand_in
