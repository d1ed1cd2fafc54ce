// The log's way to stderr: lines about requests go out several in one write, within LINES_MS; all others at once, with
// those that came before them. A program that is killed loses the lines of its last moment, never a part of one.
#pragma once
#include <stdbool.h>

enum { LINES_MS = 100 };

void lines_start(void);
void lines_stop(void); // all that was said is written
// One line, without its end. Before lines_start and after lines_stop each is written at once.
void lines_say(const char *text, bool may_wait);
