// Runs a fuzz target over every file of a corpus folder, so that each past finding is a test in every build.
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) return perror(path), 1;
    fseek(f, 0, SEEK_END);
    size_t size = (size_t)ftell(f);
    rewind(f);
    uint8_t *data = malloc(size ? size : 1); // exact size, so that ASan sees a read past the end
    if (!data || fread(data, 1, size, f) != size) abort();
    fclose(f);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 0;
}

int main(int argc, char **argv)
{
    int replayed = 0, bad = 0;
    for (int i = 1; i < argc; i++) {
        DIR *dir = opendir(argv[i]);
        if (!dir) return perror(argv[i]), 1;
        for (struct dirent *d; (d = readdir(dir));) {
            if (d->d_name[0] == '.') continue;
            char path[4096];
            snprintf(path, sizeof path, "%s/%s", argv[i], d->d_name);
            bad += replay(path);
            replayed++;
        }
        closedir(dir);
    }
    printf("%d passed, %d failed\n", replayed - bad, bad + (replayed == 0));
    return bad || replayed == 0;
}
