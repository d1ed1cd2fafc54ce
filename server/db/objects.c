// Whose the objects are.
#include "db/domain.h"

enum { OBJECTS_MOST = 5000 };

bool db_user_objects(db *d, arena *a, const char *id, db_blob **out, int *count, err *e)
{
    sql_rows r;
    if (!sql_once(d, db_service, SQL_READ, a, &r, e,
                  "SELECT bucket, path FROM blobs WHERE user_id = $1 AND state <> 'deleted' ORDER BY bucket DESC, "
                  "path LIMIT CAST($2 AS bigint)",
                  "ti", id, (int64_t)OBJECTS_MOST))
        return false;
    *out = arena_array(a, db_blob, (size_t)r.count + 1);
    if (!*out) return fail(e, ERR_LIMIT, "too many objects for one answer");
    for (int i = 0; i < r.count; i++) (*out)[i] = (db_blob){ .bucket = sql_cell(&r, i, 0), .path = sql_cell(&r, i, 1) };
    *count = r.count;
    return true;
}
