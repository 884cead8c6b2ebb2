/* SPDX-License-Identifier: MIT */
/* Attacks that reach out: for files, the network, services. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <netinet/in.h>

#include <json-c/json_object.h>

#include <xcore/xcore.h>

#include "doctor/attacks-private.h"

#define FILE_MB 1

static void
try_open(struct xc_attack_scene *scene, const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);
	char text[200];

	snprintf(text, sizeof(text), "open(\"%.150s\")", path);
	xc_attack_result(scene, text, fd);
	if (fd != -1)
		close(fd);
}

/* Files can be read while a plugin is loaded, or there would be no libraries;
 * these are not to be among them. */
static int load_error;

static void __attribute__((constructor))
look_while_loaded(void)
{
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	load_error = fd == -1 ? errno : 0;
	if (fd != -1)
		close(fd);
}

void
xc_attack_load_passwd(struct xc_attack_scene *scene)
{
	if (load_error != 0)
		xc_attack_refused(scene, "open(\"/etc/passwd\")", load_error);
	else
		xc_attack_succeeded(scene, "a constructor can open it");
}

void
xc_attack_passwd(struct xc_attack_scene *scene)
{
	try_open(scene, "/etc/passwd", O_RDONLY);
}

void
xc_attack_proc(struct xc_attack_scene *scene)
{
	char path[64];

	if (scene->host <= 0) {
		xc_attack_skipped(scene, "the host's number is not given");
		return;
	}
	snprintf(path, sizeof(path), "/proc/%ld/environ", (long)scene->host);
	try_open(scene, path, O_RDONLY);
}

/* Writes a megabyte to a new file and removes it. */
static void
try_fill(struct xc_attack_scene *scene, const char *folder)
{
	static char block[FILE_MB << 20];
	char path[PATH_MAX];
	ssize_t n = 0;
	int fd, error;

	snprintf(path, sizeof(path), "%s/xcore-attack-%ld", folder,
	    (long)getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1) {
		xc_attack_refused(scene, "open(O_CREAT)", errno);
		return;
	}
	n = write(fd, block, sizeof(block));
	error = errno;
	close(fd);
	unlink(path);
	if (n > 0)
		xc_attack_succeeded(scene, "wrote %zd bytes to %s", n,
		    folder);
	else
		xc_attack_refused(scene, "write()", error);
}

void
xc_attack_tmp(struct xc_attack_scene *scene)
{
	try_fill(scene, "/tmp");
}

void
xc_attack_shm(struct xc_attack_scene *scene)
{
	try_fill(scene, "/dev/shm");
}

static bool
own_file(struct xc_attack_scene *scene, const char *name, char *path,
    size_t size)
{
	snprintf(path, size, "%s/%s", scene->dir, name);
	if (scene->dir[0] == '\0')
		xc_attack_skipped(scene, "the plugin's folder is not given");
	return scene->dir[0] != '\0';
}

void
xc_attack_overwrite(struct xc_attack_scene *scene)
{
	char path[PATH_MAX];

	/* Opened to write, and not written to. */
	if (own_file(scene, "plugin.json", path, sizeof(path)))
		try_open(scene, path, O_WRONLY);
}

/* Removing it "as a folder" asks for the same right, and then fails because
 * it is none. */
void
xc_attack_unlink(struct xc_attack_scene *scene)
{
	char path[PATH_MAX];

	if (!own_file(scene, "plugin.json", path, sizeof(path)))
		return;
	if (unlinkat(AT_FDCWD, path, AT_REMOVEDIR) == -1 && errno != ENOTDIR)
		xc_attack_refused(scene, "unlinkat()", errno);
	else
		xc_attack_succeeded(scene, "may remove %.150s", path);
}

void
xc_attack_create(struct xc_attack_scene *scene)
{
	char path[PATH_MAX];

	if (own_file(scene, "", path, sizeof(path)))
		try_fill(scene, scene->dir);
}

static struct sockaddr_in
loopback(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };

	return address;
}

void
xc_attack_tcp(struct xc_attack_scene *scene)
{
	struct sockaddr_in address = loopback(scene->port);
	int fd;

	if (scene->port == 0) {
		xc_attack_skipped(scene, "no port is given");
		return;
	}
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1) {
		xc_attack_refused(scene, "socket(AF_INET)", errno);
		return;
	}
	xc_attack_result(scene, "connect()", connect(fd,
	    (const void *)&address, sizeof(address)));
	close(fd);
}

void
xc_attack_udp(struct xc_attack_scene *scene)
{
	struct sockaddr_in address = loopback(9);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd == -1) {
		xc_attack_refused(scene, "socket(AF_INET)", errno);
		return;
	}
	xc_attack_result(scene, "sendto()", (long)sendto(fd, "x", 1, 0,
	    (const void *)&address, sizeof(address)));
	close(fd);
}

void
xc_attack_unix(struct xc_attack_scene *scene)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(scene->unix_name);
	int fd;

	if (len == 0 || len + 1 > sizeof(address.sun_path)) {
		xc_attack_skipped(scene, "no address is given");
		return;
	}
	memcpy(address.sun_path + 1, scene->unix_name, len);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1) {
		xc_attack_refused(scene, "socket(AF_UNIX)", errno);
		return;
	}
	xc_attack_result(scene, "connect()", connect(fd,
	    (const void *)&address, (socklen_t)(offsetof(struct sockaddr_un,
	    sun_path) + 1 + len)));
	close(fd);
}

void
xc_attack_netlink(struct xc_attack_scene *scene)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	xc_attack_result(scene, "socket(AF_NETLINK)", fd);
	if (fd != -1)
		close(fd);
}

/* The front doors in this process check first; the host must check again,
 * which its own tests look at. */
void
xc_attack_services(struct xc_attack_scene *scene)
{
	struct json_object *rows;
	const void *value;
	size_t len;

	if (xc_db_rows(scene->req, &rows, "SELECT 1", XC_NO_ARGS) == XC_OK)
		xc_attack_succeeded(scene, "the database answered");
	else if (xc_cache_get(scene->req, "key", &value, &len) == XC_OK)
		xc_attack_succeeded(scene, "the cache answered");
	else
		xc_attack_refused(scene, "by the broker", EPERM);
}
