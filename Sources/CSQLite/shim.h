#ifndef LANEKEEPER_CSQLITE_H
#define LANEKEEPER_CSQLITE_H
#include <sqlite3.h>

/// Lets SQLite copy a bound value.
static inline sqlite3_destructor_type lk_sqlite_transient(void) { return SQLITE_TRANSIENT; }

/// Sets SQLite up for a program with one thread that reads little and ends: no locks of its own, no counting,
/// no memory taken in advance, which each new process would have to fill. Before the first use.
static inline void lk_sqlite_one_thread(void) {
  sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  sqlite3_config(SQLITE_CONFIG_PAGECACHE, (void *)0, 0, 0);
  sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
}

/// Leaves the write-ahead log as it is when the last connection closes, which else waits for the disk.
static inline int lk_sqlite_no_checkpoint_on_close(sqlite3 *database) {
  return sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}
#endif
