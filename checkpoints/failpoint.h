#pragma once

namespace realface::checkpoints {

/// A named place in the protocol of saving, where a test can make this process die or fail.
///
/// Does nothing unless REALFACE_FAILPOINT (base/failpoint.h) is `name` (the process is killed with SIGKILL, as a
/// node that loses power would stop) `name:ENOSPC`, `name:EIO` or `name:EROFS` (throws WriteError with that errno), or
/// `name:SLEEP` (waits 0.2 s). The names are listed in docs/checkpoints.md.
void failpoint(const char* name);

}  // namespace realface::checkpoints
