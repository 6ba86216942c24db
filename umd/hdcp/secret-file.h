/* SPDX-License-Identifier: MIT */
/* umd/hdcp/secret-file.h - files of secrets: read into secure memory, written atomically, 0600.
 * Thread: any.
 * Owner: caller; what was read goes back with mc_hdcp_secret_free. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory that is locked, kept out of core dumps and wiped on release, where the system allows. */
void *mc_hdcp_secret_new(size_t size); /* zeroed; NULL when the secure heap is full */
void mc_hdcp_secret_free(void *secret, size_t size);

/* The file with a 0 behind it.  Refuses files that others may read or that exceed max bytes.
 * error: MC_HDCP_ERROR with code, or MC_HDCP_ERROR_KEYS_UNSAFE; a file that does not exist is
 * G_FILE_ERROR_NOENT. */
char *mc_hdcp_secret_read(const char *path, size_t max, int code, size_t *ret_len, GError **error);
bool mc_hdcp_secret_write(const char *path, const char *text, size_t len, int code, GError **error);

/* Exactly 2 x len digits between spaces, case does not matter. */
bool mc_hdcp_unhex(const char *text, size_t text_len, uint8_t *ret_bytes, size_t len);
