/* driver.c - runs LLVMFuzzerTestOneInput over every file in the folders given as arguments: the
 * stored inputs of a fuzz target are replayed by any compiler in each test run; clang's fuzzer
 * brings its own main. */
#include <glib.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static guint run_folder(const char *path) {
  g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
  const char *name;
  guint count = 0;
  while (dir && (name = g_dir_read_name(dir))) {
    g_autofree char *file = g_build_filename(path, name, NULL);
    g_autofree char *data = NULL;
    gsize n;
    if (!g_file_get_contents(file, &data, &n, NULL)) continue;
    /* A copy of exactly that length: a byte read beyond it is found. */
    g_autofree uint8_t *exact = g_memdup2(data, n);
    LLVMFuzzerTestOneInput(exact, n);
    count++;
  }
  return count;
}

int main(int argc, char **argv) {
  guint count = 0;
  for (int i = 1; i < argc; i++)
    count += run_folder(argv[i]);
  g_print("%u inputs\n", count);
  return count ? 0 : 1;
}
