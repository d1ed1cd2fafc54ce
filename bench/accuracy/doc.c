#include "accuracy/doc.h"
#include "base/io.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void too_large(void)
{
    fprintf(stderr, "bench_accuracy: the page of figures is too large\n");
    exit(1);
}

void doc_add(buf *b, const buf *text)
{
    if (!buf_append(b, text->data, text->len)) too_large();
}

void doc_put(buf *b, const char *fmt, ...)
{
    char text[4096];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof text || !buf_append(b, text, (size_t)n)) too_large();
}

static const char *const word[DOC_SECTIONS] = { "world", "sources", "sizes",  "answers", "survey",
                                                "floor", "looks",   "photos", "street",  "time" };
static const char *const title[DOC_SECTIONS] = {
    "People whose measurements are known",
    "Where the error comes from",
    "What it means for sizes",
    "Answers alone, of many people",
    "Real people's answers",
    "What no estimate can beat",
    "Landmarks and outlines, rendered and real",
    "The same photo, changed",
    "Many photos, changed",
    "Time",
};

// What measures each.
static const char *const command[DOC_SECTIONS] = {
    "--people 1000", "--people 80 --ablate", "--people 1000",       "--people 4000 --answers",
    "--data DIR",    "--floor 2000",         "--people 100 --look", "--photos DIR --men 2,3,11,13,16",
    "--street DIR",  "--people 1000",
};

static const char head[] =
    "# Accuracy\n\n"
    "Written by `script/bench accuracy --doc docs/accuracy.md` and what follows each title there; do not edit by "
    "hand.\n"
    "A: height, weight, sex and age. B: and a photo from the front. C: and one from the side. MAE: mean absolute "
    "error.\n\n"
    "Nobody has photos of people with tape measurements that may be used freely, so the photos are rendered: people\n"
    "drawn from a survey's statistics, with shape detail that the estimator's space does not contain, posed, dressed,\n"
    "lit and photographed as phones do, then seen by the same networks as real photos (`bench/testworld`). Half of "
    "the\n"
    "fitted and loose clothes are garments cut for them, sewn, and draped on them as they stand; the others, and the\n"
    "skin-tight ones, are shells around the body. Draped and fitted is at most 4.5 cm wider than the body at the "
    "chest,\n"
    "2 to 7 cm at the waist; loose is 9 to 24 cm wider at the chest and hangs down from there. Nobody wears a "
    "skirt.\n\n"
    "Seed 1 is for tuning and training (`script/learn`), seed 11, the default, for judging: nothing was ever fitted "
    "to\n"
    "or chosen by its people. Seeds 2 to 10 judged earlier, 2 and 3 in worlds whose clothes were all shells: there\n"
    "waists and hips were an eighth to a fifth closer with a photo. What tells loose clothes learned from seed "
    "10.\n"
    "What this cannot show is how the networks' errors on real clothes differ from those on rendered ones.\n\n";

static const char published[] =
    "## Published systems\n\n"
    "Mean absolute errors in cm as their authors or users give them; other people, clothes and definitions, so these\n"
    "are orders of magnitude and no race.\n\n"
    "| system | input | chest | waist | hip | on | source, what differs |\n|---|---|---|---|---|---|---|\n"
    "| height and weight, least squares | two numbers, sex | 3.4 | 3.8 | 2.3 | ANSUR II, five-fold | worse sex; waist "
    "at "
    "the navel; soldiers |\n"
    "| SHAPY (CVPR 2022) | a photo | 6.5 | 6.9 | 5.7 | HBW, in the wild | its leaderboard; height is an output there "
    "|\n"
    "| BMnet (2022) | front silhouette | 3.4 | 3.2 | 3.1 | BodyM test A | arXiv 2210.05667; tight clothes, in a lab |\n"
    "| BMnet | front, side, height, weight | 1.6 | 1.5 | 1.0 | BodyM test A | the same; quoted at second hand |\n"
    "| MeasureNet (Amazon Halo, 2023) | photos, height, weight | - | 1.8 men, 2.4 women | - | their own | npj Digital "
    "Medicine s41746-023-00909-5; phones at home, minimal clothes |\n"
    "| SMPL-X fitted to two silhouettes | front, side, height | 8.8 | 4.3 | 6.8 | BodyM test A, 25 people | no "
    "training; "
    "differences of definition within |\n"
    "| two trained measurers | a tape | 1.4 | 1.2 | 1.2 | ANSUR's allowance | NATICK/TR-11/017: no estimate can be "
    "shown to be better |\n";

static bool begin(buf *page, doc_section i)
{
    return buf_printf(page, "## %s\n\n`script/bench accuracy %s --doc docs/accuracy.md`\n\n<!-- %s -->\n", title[i],
                      command[i], word[i]);
}

static bool fresh(buf *page)
{
    bool ok = buf_text(page, head);
    for (int i = 0; ok && i < DOC_SECTIONS; i++)
        ok = begin(page, (doc_section)i) && buf_printf(page, "Not measured yet.\n<!-- end of %s -->\n\n", word[i]);
    return ok && buf_text(page, published) && buf_append(page, "", 1);
}

bool doc_write(const char *path, doc_section section, const buf *text, err *e)
{
    buf page = buf_new((size_t)4 << 20), out = buf_new((size_t)4 << 20);
    bool ok = io_exists(path) ? io_read(path, &page, e) && buf_append(&page, "", 1) : fresh(&page);
    char from[64], to[64];
    snprintf(from, sizeof from, "\n## %s\n", title[section]);
    snprintf(to, sizeof to, "<!-- end of %s -->\n", word[section]);
    const char *all = (const char *)page.data, *a = ok ? strstr(all, from) : NULL, *b = a ? strstr(a, to) : NULL;
    const char *body = b ? strstr(all, "\n## ") : NULL; // what stands before is said anew
    if (ok && !b) ok = fail(e, ERR_INPUT, "%s lacks its section \"%s\": delete it to begin anew", path, word[section]);
    if (ok) {
        ok = buf_text(&out, head) && buf_append(&out, body + 1, (size_t)(a - body)) && begin(&out, section) &&
             buf_append(&out, text->data, text->len) && buf_text(&out, b) && io_write(path, out.data, out.len, e);
    }
    buf_free(&page);
    buf_free(&out);
    return ok;
}
