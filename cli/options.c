#include "cli/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_help(const option_table *t)
{
    printf("%s\n\n%s\n\noptions:\n", t->usage, t->about);
    for (int i = 0; i < t->count; i++) {
        char left[80];
        const option *o = &t->options[i];
        snprintf(left, sizeof left, "--%s%s%s", o->name, o->argument ? " " : "", o->argument ? o->argument : "");
        printf("  %-28s %s\n", left, o->help);
    }
    printf("  %-28s %s\n", "--help", "this text");
}

static const option *find(const option_table *t, const char *name, size_t n)
{
    for (int i = 0; i < t->count; i++)
        if (strlen(t->options[i].name) == n && memcmp(t->options[i].name, name, n) == 0) return &t->options[i];
    return NULL;
}

static bool set(const option *o, const char *text, err *e)
{
    char *end;
    option_list *list = o->value;
    switch (o->kind) {
    case OPTION_FLAG:
        *(bool *)o->value = true;
        return true;
    case OPTION_TEXT:
        *(const char **)o->value = text;
        return true;
    case OPTION_NUMBER:
        *(double *)o->value = strtod(text, &end);
        if (end == text || *end) return fail(e, ERR_INPUT, "--%s takes a number, not \"%s\"", o->name, text);
        return true;
    case OPTION_LIST:
        if (list->count == OPTION_LIST_MAX)
            return fail(e, ERR_LIMIT, "--%s can be given %d times at most", o->name, OPTION_LIST_MAX);
        list->item[list->count++] = text;
        return true;
    }
    return false;
}

options_outcome options_parse(const option_table *t, int argc, char **argv, const char **words, int *word_count, err *e)
{
    *word_count = 0;
    bool only_words = false;
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i];
        if (only_words || a[0] != '-' || a[1] == 0) {
            if (*word_count == t->words_max) {
                fail(e, ERR_INPUT, "\"%s\" is one argument too many: %s", a, t->usage);
                return OPTIONS_WRONG;
            }
            words[(*word_count)++] = a;
            continue;
        }
        if (strcmp(a, "--") == 0) {
            only_words = true;
            continue;
        }
        if (strcmp(a, "--help") == 0 || strcmp(a, "-h") == 0) {
            print_help(t);
            return OPTIONS_HELP;
        }
        const char *name = a + (a[1] == '-' ? 2 : 1), *equals = strchr(name, '=');
        const option *o = find(t, name, equals ? (size_t)(equals - name) : strlen(name));
        if (!o || a[1] != '-') {
            fail(e, ERR_INPUT, "there is no option %s: see tryon %s --help", a, argv[0]);
            return OPTIONS_WRONG;
        }
        const char *text = equals ? equals + 1 : NULL;
        if (o->kind != OPTION_FLAG && !text) text = ++i < argc ? argv[i] : NULL;
        if (o->kind != OPTION_FLAG && !text) {
            fail(e, ERR_INPUT, "--%s needs a value: --%s %s", o->name, o->name, o->argument);
            return OPTIONS_WRONG;
        }
        if (!set(o, text, e)) return OPTIONS_WRONG;
    }
    if (*word_count >= t->words_min) return OPTIONS_OK;
    fail(e, ERR_INPUT, "something is missing: %s", t->usage);
    return OPTIONS_WRONG;
}
