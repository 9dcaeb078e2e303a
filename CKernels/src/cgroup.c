// The limits of this process's cgroup, versions 1 and 2. Linux.
#define _DEFAULT_SOURCE
#include "CKernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What a group's folder says of a resource; 0 for no limit.
typedef double limit_reader(const char *folder);

// A resource: version 1's controller, the folders its hierarchy may lie in, and its reader.
typedef struct {
    const char *controller, *folders[2];
    limit_reader *limit;
} resource;

static int read_number(const char *folder, const char *file, double *value) {
    char path[4608];
    snprintf(path, sizeof path, "%s/%s", folder, file);
    FILE *f = fopen(path, "re");
    if (!f)
        return 0;
    int found = fscanf(f, "%lf", value) == 1; // "max" is no number
    fclose(f);
    return found;
}

// CPUs that quota / period allows, rounded up.
static double cpus(double quota, double period) {
    if (!(quota > 0) || !(period > 0) || quota / period > 1e6)
        return 0;
    const double whole = (double)(int)(quota / period);
    return whole < quota / period ? whole + 1 : whole;
}

static double cpu_limit(const char *folder) {
    char path[4608];
    double quota = 0, period = 0;
    snprintf(path, sizeof path, "%s/cpu.max", folder);
    FILE *f = fopen(path, "re");
    if (f) {
        int fields = fscanf(f, "%lf %lf", &quota, &period); // "max 100000" reads no field
        fclose(f);
        return fields == 2 ? cpus(quota, period) : 0;
    }
    if (read_number(folder, "cpu.cfs_quota_us", &quota) &&
        read_number(folder, "cpu.cfs_period_us", &period))
        return cpus(quota, period); // -1 is no limit
    return 0;
}

static double memory_limit(const char *folder) {
    double bytes = 0;
    if (!read_number(folder, "memory.max", &bytes))
        read_number(folder, "memory.limit_in_bytes", &bytes);
    return bytes > 0 && bytes < 0x1p60 ? bytes : 0; // version 1 writes no limit as almost 2^63
}

static double stricter(double a, double b) {
    return a == 0 ? b : b == 0 || a < b ? a : b;
}

// The strictest limit from root/hierarchy/group up to root/hierarchy.
static double limit_along(const char *root, const char *hierarchy, const char *group,
                          limit_reader *limit) {
    char folder[4352];
    double least = 0;
    size_t base = (size_t)snprintf(folder, sizeof folder, "%s%s", root, hierarchy);
    if (base >= sizeof folder)
        return 0;
    snprintf(folder + base, sizeof folder - base, "%s", group);
    for (;;) {
        least = stricter(least, limit(folder));
        char *slash = strrchr(folder + base, '/');
        if (!slash)
            return least;
        *slash = 0;
    }
}

static int has_controller(char *controllers, const char *name) {
    for (char *rest = controllers, *one; (one = strsep(&rest, ","));)
        if (strcmp(one, name) == 0)
            return 1;
    return 0;
}

static double strictest(const char *membership, const char *root, const resource *of) {
    FILE *f = fopen(membership, "re");
    if (!f)
        return 0;
    char line[4096];
    double least = 0;
    while (fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = 0;
        char *controllers = strchr(line, ':');
        char *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group)
            continue;
        *controllers++ = 0;
        *group++ = 0;
        if (!*controllers) { // version 2, alone or beside version 1
            least = stricter(least, limit_along(root, "", group, of->limit));
            least = stricter(least, limit_along(root, "/unified", group, of->limit));
        } else if (has_controller(controllers, of->controller)) {
            for (int i = 0; i < 2 && of->folders[i]; i++)
                least = stricter(least, limit_along(root, of->folders[i], group, of->limit));
        }
    }
    fclose(f);
    return least;
}

int ck_cgroup_cpus(const char *membership, const char *root) {
    const resource cpu = {"cpu", {"/cpu", "/cpu,cpuacct"}, cpu_limit};
    return (int)strictest(membership, root, &cpu);
}

int64_t ck_cgroup_memory(const char *membership, const char *root) {
    const resource memory = {"memory", {"/memory"}, memory_limit};
    return (int64_t)strictest(membership, root, &memory);
}
