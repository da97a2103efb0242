/* Loaded before a program: notes what the program has brought to the disk, so that a test can take away the rest.
 *
 * At each sync of a file below SYNCED_ROOT its bytes are copied into SYNCED_NOTES as they are then, with the name that it
 * has then; at each sync of a folder the names in it. Nothing waits for a real disk. power_cut.rs reads the notes. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long long now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * 1000000000LL + at.tv_nsec;
}

/* A name for a file that no later one has, also where numbers of files are used again. */
static int name_of(int at, const char *name, char *key, size_t room, mode_t *mode) {
    struct statx found;
    int flags = *name ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH;
    if (statx(at, name, flags, STATX_INO | STATX_BTIME | STATX_MODE, &found) != 0) return -1;
    snprintf(key, room, "%llu-%lld%09u", (unsigned long long)found.stx_ino, (long long)found.stx_btime.tv_sec,
             found.stx_btime.tv_nsec);
    *mode = found.stx_mode;
    return 0;
}

/* A note appears whole or not at all. */
static FILE *begin(char *unfinished, size_t room, const char *notes) {
    snprintf(unfinished, room, "%s/.%d-%ld", notes, getpid(), syscall(SYS_gettid));
    return fopen(unfinished, "w");
}

static void end(FILE *note, const char *unfinished, const char *notes, char kind, const char *key) {
    char place[8192];
    snprintf(place, sizeof place, "%s/%c-%s", notes, kind, key);
    fclose(note);
    rename(unfinished, place);
}

static void note_folder(const char *path, const char *rest, const char *notes) {
    char unfinished[8192], key[256], slashless[4096];
    long long at = now();
    snprintf(slashless, sizeof slashless, "%s", *rest ? rest : "+");
    for (char *c = slashless; *c; c++) if (*c == '/') *c = '+';
    DIR *folder = opendir(path);
    if (!folder) return;
    FILE *note = begin(unfinished, sizeof unfinished, notes);
    fprintf(note, "%lld\n%s\n", at, rest);
    for (struct dirent *entry; (entry = readdir(folder));) {
        mode_t mode;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        if (name_of(dirfd(folder), entry->d_name, key, sizeof key, &mode) != 0) continue;
        fprintf(note, "%c %s %s\n", S_ISDIR(mode) ? 'd' : 'f', key, entry->d_name);
    }
    closedir(folder);
    end(note, unfinished, notes, 'd', slashless);
}

static void note_file(int fd, const char *path, const char *rest, const char *notes, const char *key) {
    char unfinished[8192], bytes[65536];
    int from = open(path, O_RDONLY | O_CLOEXEC);
    (void)fd;
    if (from < 0) return;
    FILE *note = begin(unfinished, sizeof unfinished, notes);
    for (ssize_t got; (got = read(from, bytes, sizeof bytes)) > 0;) fwrite(bytes, 1, (size_t)got, note);
    close(from);
    end(note, unfinished, notes, 'f', key);
    note = begin(unfinished, sizeof unfinished, notes);
    fprintf(note, "%lld\n%s\n", now(), rest);
    end(note, unfinished, notes, 'n', key);
}

static int synced(int fd) {
    const char *root = getenv("SYNCED_ROOT"), *notes = getenv("SYNCED_NOTES");
    char link[64], path[4096], key[256];
    mode_t mode;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (!root || !notes || length < 0 || name_of(fd, "", key, sizeof key, &mode) != 0) return 0;
    path[length] = 0;
    size_t above = strlen(root);
    if (strncmp(path, root, above) != 0 || (path[above] && path[above] != '/')) return 0;
    const char *rest = path[above] ? path + above + 1 : "";
    if (S_ISDIR(mode)) note_folder(path, rest, notes);
    else if (S_ISREG(mode)) note_file(fd, path, rest, notes, key);
    return 0;
}

int fsync(int fd) { return synced(fd); }
int fdatasync(int fd) { return synced(fd); }
