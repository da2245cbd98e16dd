/*
 * A minimal supervisor: starts services, waits, and starts each again after its death. It shows the cost of the system itself.
 *
 * Usage: floor DELAY FOLDER... (the restart delay in milliseconds; each folder has a program `run`). TERM ends it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct service {
  const char *folder;
  pid_t pid; /* 0: not running, to be started at `due` */
  double due;
};

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static void start(struct service *service, const sigset_t *signals) {
  service->pid = fork();
  if (service->pid < 0) exit(111);
  if (service->pid > 0) return;
  int nothing = open("/dev/null", O_RDWR);
  for (int target = 0; target < 3; target++) dup2(nothing, target);
  if (nothing > 2) close(nothing);
  sigprocmask(SIG_UNBLOCK, signals, NULL);
  setsid();
  if (chdir(service->folder) == 0) execl("./run", "./run", (char *)NULL);
  _exit(127);
}

int main(int count, char **words) {
  if (count < 2) return 100;
  double delay = atof(words[1]), nearest;
  struct service *services = calloc(count -= 2, sizeof *services);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, NULL);
  for (int i = 0; i < count; i++) services[i].folder = words[i + 2];
  for (;;) {
    pid_t dead;
    while ((dead = waitpid(-1, NULL, WNOHANG)) > 0)
      for (int i = 0; i < count; i++)
        if (services[i].pid == dead) services[i] = (struct service){services[i].folder, 0, now() + delay};
    nearest = -1;
    for (int i = 0; i < count; i++) {
      if (services[i].pid == 0 && services[i].due <= now()) start(&services[i], &signals);
      if (services[i].pid == 0 && (nearest < 0 || services[i].due < nearest)) nearest = services[i].due;
    }
    double wait = nearest < now() ? 0 : nearest - now();
    struct timespec time = {wait / 1000, (long)(wait * 1e6) % 1000000000};
    if ((nearest < 0 ? sigwaitinfo(&signals, NULL) : sigtimedwait(&signals, NULL, &time)) == SIGTERM) break;
  }
  for (int i = 0; i < count; i++)
    if (services[i].pid > 0) kill(-services[i].pid, SIGTERM);
  while (waitpid(-1, NULL, 0) > 0);
}
