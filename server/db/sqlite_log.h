// A file system for SQLite that writes the pages of a commit to the log at once, up to sixteen, each with its head:
// SQLite asks for two writes a page, and half of what a write costs does not depend on its length. Files other than
// logs are the usual ones.
#pragma once

// The name to open databases with; NULL: SQLite has none of its own to build on. From any thread.
const char *sqlite_log_vfs(void);
