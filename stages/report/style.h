#pragma once

namespace realface::stages::report::html {

/// The page's style sheet: light or dark as the reader's system has it, readable on a phone and on paper.
extern const char* const kStyle;

}  // namespace realface::stages::report::html
