// A file system for SQLite that writes a page of the log and the page's head at once: SQLite asks for two writes, and
// the kernel's share of a write hardly depends on its length. Files other than logs are the usual ones.
#pragma once

// The name to open databases with; NULL: SQLite has none of its own to build on. From any thread.
const char *sqlite_log_vfs(void);
