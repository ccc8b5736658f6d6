/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a request to the bytes of its answer. */
#include "proxy/admin_answer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/admin_status.h"

enum status {
    STATUS_OK = 200,
    STATUS_BAD = 400,
    STATUS_FORBIDDEN = 403,
    STATUS_NO_PATH = 404,
    STATUS_NO_METHOD = 405,
    STATUS_BUSY = 409,
    STATUS_REFUSED = 422,
    STATUS_TOO_LONG = 431,
    STATUS_NO_MEMORY = 500,
    STATUS_UNREADY = 503,
};

static const char *
status_phrase(enum status status)
{
    switch (status) {
    case STATUS_OK:
        return "OK";
    case STATUS_BAD:
        return "Bad Request";
    case STATUS_FORBIDDEN:
        return "Forbidden";
    case STATUS_NO_PATH:
        return "Not Found";
    case STATUS_NO_METHOD:
        return "Method Not Allowed";
    case STATUS_BUSY:
        return "Conflict";
    case STATUS_REFUSED:
        return "Unprocessable Content";
    case STATUS_TOO_LONG:
        return "Request Header Fields Too Large";
    case STATUS_NO_MEMORY:
        return "Internal Server Error";
    case STATUS_UNREADY:
        return "Service Unavailable";
    }
    return "";
}

/* --- bodies -------------------------------------------------------------- */

/* Something to tell, in both forms. */
struct telling {
    void (*put)(struct json *json, const struct server *server);
    void (*print)(FILE *out, const struct server *server);
};

/* Moves a text into the answer, if it is whole. */
static int
take_json(struct admin_answer *answer, struct json *json)
{
    if (json->is_broken) {
        json_deinit(json);
        return -1;
    }
    answer->body = json->text;
    answer->body_len = json->len;
    return 0;
}

static int
make_json(struct admin_answer *answer, const struct telling *telling,
    const struct server *server)
{
    struct json json;

    json_init(&json, ADMIN_BODY_MAX);
    telling->put(&json, server);
    return take_json(answer, &json);
}

static int
make_words(struct admin_answer *answer, const struct telling *telling,
    const struct server *server)
{
    FILE *out = open_memstream(&answer->body, &answer->body_len);
    bool is_good;

    if (out == NULL)
        return -1;
    telling->print(out, server);
    is_good = ferror(out) == 0;
    return fclose(out) == 0 && is_good ? 0 : -1;
}

/* --- answers ------------------------------------------------------------- */

static void
put_head(struct admin_answer *answer, enum status status, bool is_text,
    bool has_warnings)
{
    answer->head_len = (size_t)snprintf(answer->head, sizeof(answer->head),
        "HTTP/1.1 %d %s\r\n"
        "Content-Type: %s\r\n"
        "Content-Length: %zu\r\n"
        "Sidelock-Warnings: %s\r\n"
        "Connection: close\r\n"
        "\r\n",
        (int)status, status_phrase(status),
        is_text ? "text/plain" : "application/json", answer->body_len,
        has_warnings ? "yes" : "no");
}

static void
answer_without_memory(struct admin_answer *answer)
{
    admin_answer_deinit(answer);
    put_head(answer, STATUS_NO_MEMORY, true, false);
}

/* What the server tells, in the form that was asked for. */
static void
answer_with(struct admin_answer *answer, enum status status, bool wants_text,
    const struct telling *telling, const struct server *server)
{
    int made = wants_text ? make_words(answer, telling, server)
                          : make_json(answer, telling, server);

    if (made != 0) {
        answer_without_memory(answer);
        return;
    }
    put_head(answer, status, wants_text, admin_has_warnings(server));
}

static int
make_line(struct admin_answer *answer, enum guide_code code, const char *text)
{
    int len = code == SL_NONE ? asprintf(&answer->body, "%s\n", text)
                              : asprintf(&answer->body, "error: %s [%s]\n",
                                  text, guide_text(code));

    if (len < 0) {
        answer->body = NULL;
        return -1;
    }
    answer->body_len = (size_t)len;
    return 0;
}

static int
make_json_line(
    struct admin_answer *answer, enum guide_code code, const char *text)
{
    struct json json;

    json_init(&json, ADMIN_BODY_MAX);
    json_begin_object(&json, NULL);
    json_put_string(&json, "text", text);
    json_put_string(&json, "code", guide_text(code));
    json_end_object(&json);
    return take_json(answer, &json);
}

/* One sentence. */
static void
answer_line(struct admin_answer *answer, enum status status, bool wants_text,
    enum guide_code code, const char *text)
{
    int made = wants_text ? make_line(answer, code, text)
                          : make_json_line(answer, code, text);

    if (made != 0)
        answer_without_memory(answer);
    else
        put_head(answer, status, wants_text, false);
}

static void
answer_ready(struct admin_answer *answer, const struct server *server,
    const struct admin_request *request)
{
    const char *reason = admin_unready_reason(server);

    if (reason == NULL)
        answer_line(answer, STATUS_OK, request->wants_text, SL_NONE, "ready");
    else
        answer_line(answer, STATUS_UNREADY, request->wants_text,
            server->state == SERVER_RUNNING ? SL_CERT_WAITING : SL_NONE,
            reason);
}

static void
answer_reload(struct admin_answer *answer, struct server *server,
    const struct admin_request *request, uid_t uid)
{
    static const struct telling telling = {
        admin_put_reload, admin_print_reload};

    if (uid != geteuid() && uid != 0) {
        answer_line(answer, STATUS_FORBIDDEN, request->wants_text, SL_ADMIN,
            "only root and the user that sidelock runs as may reload");
        return;
    }
    if (server->state != SERVER_RUNNING) {
        answer_line(answer, STATUS_BUSY, request->wants_text, SL_RELOAD_BUSY,
            "not reloaded: the process is draining; start it anew");
        return;
    }
    server_reload(server, "command");
    answer_with(answer, server->outcome.is_success ? STATUS_OK : STATUS_REFUSED,
        request->wants_text, &telling, server);
}

static void
answer_status(struct admin_answer *answer, struct server *server,
    const struct admin_request *request, uid_t uid)
{
    static const struct telling telling = {
        admin_put_status, admin_print_status};

    (void)uid;
    answer_with(answer, STATUS_OK, request->wants_text, &telling, server);
}

static void
answer_clients(struct admin_answer *answer, struct server *server,
    const struct admin_request *request, uid_t uid)
{
    static const struct telling telling = {
        admin_put_clients, admin_print_clients};
    static const struct telling lines = {NULL, admin_list_clients};
    bool is_lines = strcmp(request->path, "/clients.tsv") == 0;

    (void)uid;
    answer_with(answer, STATUS_OK, is_lines || request->wants_text,
        is_lines ? &lines : &telling, server);
}

static void
answer_probe(struct admin_answer *answer, struct server *server,
    const struct admin_request *request, uid_t uid)
{
    (void)uid;
    if (strcmp(request->path, "/ready") == 0)
        answer_ready(answer, server, request);
    else
        answer_line(answer, STATUS_OK, request->wants_text, SL_NONE, "live");
}

void
admin_answer_request(struct admin_answer *answer, struct server *server,
    const struct admin_request *request, uid_t uid)
{
    static const struct {
        const char *path;
        enum admin_method method;
        void (*answer)(struct admin_answer *answer, struct server *server,
            const struct admin_request *request, uid_t uid);
    } routes[] = {
        {"/status", ADMIN_GET, answer_status},
        {"/clients", ADMIN_GET, answer_clients},
        {"/clients.tsv", ADMIN_GET, answer_clients},
        {"/live", ADMIN_GET, answer_probe},
        {"/ready", ADMIN_GET, answer_probe},
        {"/reload", ADMIN_POST, answer_reload},
    };

    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (strcmp(request->path, routes[i].path) != 0)
            continue;
        if (request->method == routes[i].method) {
            routes[i].answer(answer, server, request, uid);
            return;
        }
        answer_line(answer, STATUS_NO_METHOD, request->wants_text, SL_NONE,
            "wrong method: GET /status, /clients, /live, /ready; POST /reload");
        return;
    }
    answer_line(answer, STATUS_NO_PATH, request->wants_text, SL_NONE,
        "no such path: GET /status, /clients, /live, /ready; POST /reload");
}

void
admin_answer_garbage(struct admin_answer *answer, enum admin_parse why)
{
    if (why == ADMIN_TOO_LONG)
        answer_line(answer, STATUS_TOO_LONG, false, SL_NONE,
            "the head of the request is too long");
    else
        answer_line(
            answer, STATUS_BAD, false, SL_NONE, "this is no HTTP/1.1 request");
}

void
admin_answer_deinit(struct admin_answer *answer)
{
    free(answer->body);
    *answer = (struct admin_answer){0};
}
