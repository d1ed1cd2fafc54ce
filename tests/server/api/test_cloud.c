// A server that has its jobs done at RunPod, played by a second server of ours with a worker of its own.
#include "base/mem.h"
#include "client.h"
#include "common/ids.h"
#include "test.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char data[2][64], ours[64], theirs[64], operator_key[80], link_key[80], token[64];
static int server[2], worker;

static void sleep_ms(long ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000L };
    nanosleep(&t, NULL);
}

static void secret_of(const char *folder, const char *name, char out[80])
{
    char path[100];
    snprintf(path, sizeof path, "%s/secrets.json", folder);
    json_t *j = json_load_file(path, 0, NULL);
    snprintf(out, 80, "%s", json_string_value(json_object_get(j, name)));
    json_decref(j);
}

static void start_worker(void)
{
    char key[80];
    secret_of(data[1], "worker_key", key);
    worker = fork();
    if (!worker) {
        setenv("TRYON_TRUSTED_ORIGINS", ours, 1); // a private address, as everything here
        if (!freopen("/dev/null", "w", stderr)) _exit(1);
        execl(TEST_SERVER, "test_server", "worker", theirs, key, (char *)NULL);
        _exit(127);
    }
}

static void stop_worker(void)
{
    kill(worker, SIGTERM);
    waitpid(worker, NULL, 0);
}

// The same port again after a stop: the client remembers one server only.
static void start(int which, int workers)
{
    snprintf(server_url, sizeof server_url, "%s", which ? theirs : ours);
    server[which] = server_start(data[which], workers);
    snprintf(which ? theirs : ours, 64, "%s", server_url);
    snprintf(server_url, sizeof server_url, "%s", ours);
}

static const char *order(int height)
{
    return text_of(send_json("POST", "/v1/avatars", token, "{\"height_cm\":%d,\"consent_version\":\"1\"}", height),
                   "id");
}

// How many jobs ended well at RunPod.
static int done_there(void)
{
    char url[120];
    snprintf(url, sizeof url, "%s/v2/avatar/health", theirs);
    const answer *a = get(url, operator_key);
    return (int)json_integer_value(json_object_get(json_object_get(a->json, "jobs"), "completed"));
}

static void a_job_is_done_there_and_its_files_come_here(void)
{
    int before = done_there();
    const char *id = order(171);
    const answer *a = wait_ready(id, token);
    CHECK_STR(text_of(a, "status"), "ready");
    char url[2048];
    snprintf(url, sizeof url, "%s",
             json_string_value(json_object_get(json_object_get(a->json, "files"), "avatar.glb")));
    a = get(url, NULL);
    CHECK(a->status == 200 && !memcmp(a->text, "glTF", 4) && strstr(a->text + 20, "171"));
    CHECK(done_there() == before + 1);
}

static void a_persons_own_fault_is_told_to_her(void)
{
    const answer *a = wait_ready(order(111), token);
    CHECK_STR(text_of(a, "status"), "failed");
    CHECK_STR(text_of(a, "failure"), "the photo shows nobody");
}

static void a_job_called_off_here_is_called_off_there(void)
{
    char path[100];
    const char *id = order(113); // takes a second
    sleep_ms(900);
    snprintf(path, sizeof path, "/v1/avatars/%s", id);
    CHECK(ask("DELETE", path, token, NULL, NULL, 0, NULL)->status == 204);
    CHECK(get(path, token)->status == 404);
    CHECK_STR(text_of(wait_ready(order(174), token), "status"), "ready"); // and the next one is served
}

// The guard keeps the webhook from an address of this machine, and the log says that it was tried.
static void who_asked_to_be_told_is_told_of_a_job_done_there(void)
{
    char path[200], key[80], said[200];
    int before = done_there();
    secret_of(data[0], "operator_key", key);
    const answer *a = send_json("POST", "/v2/avatar/run", key,
                                "{\"input\":{\"answers\":{\"height_cm\":171}},\"webhook\":\"http://127.0.0.1:9/x\"}");
    CHECK(a->status == 200);
    const char *id = text_of(a, "id"), *status = "";
    snprintf(path, sizeof path, "/v2/avatar/status/%s", id);
    for (int i = 0; i < 100 && strcmp(status, "COMPLETED") != 0; i++, sleep_ms(100))
        status = text_of(get(path, key), "status");
    CHECK_STR(status, "COMPLETED");
    CHECK(done_there() == before + 1);
    snprintf(said, sizeof said, "webhook of job %s:", id);
    snprintf(path, sizeof path, "%s.log", data[0]);
    int tries = 0;
    for (int i = 0; i < 50 && !tries; i++, sleep_ms(100)) {
        buf log = buf_new(1 << 20);
        CHECK(run_program((const char *const[]){ "/bin/cat", path, NULL }, &log) && buf_append(&log, "", 1));
        tries = strstr((char *)log.data, said) != NULL;
        buf_free(&log);
    }
    CHECK(tries == 1);
}

static void the_webhook_opens_only_with_its_token(void)
{
    char path[200], good[44], text[160];
    uint8_t mac[32];
    snprintf(path, sizeof path, "/v1/hooks/runpod/some-job/%043d", 0);
    CHECK(send_json("POST", path, NULL, "{}")->status == 404);
    int n = snprintf(text, sizeof text, "runpod\nsome-job");
    hmac_sha256(link_key, strlen(link_key), text, (size_t)n, mac);
    base64url_encode(mac, 32, good);
    snprintf(path, sizeof path, "/v1/hooks/runpod/some-job/%s", good);
    CHECK(send_json("POST", path, NULL, "{\"status\":\"COMPLETED\",\"output\":{\"files\":{}}}")->status == 200);
    // A long result beside the news is let pass by.
    buf body = buf_new(1 << 20);
    CHECK(buf_append_zeros(&body, 500000));
    CHECK(ask("POST", path, NULL, "application/json", body.data, body.len, NULL)->status == 200);
    buf_free(&body);
    snprintf(path, sizeof path, "/v1/hooks/runpod/other-job/%s", good);
    CHECK(send_json("POST", path, NULL, "{}")->status == 404);
}

static void a_job_nobody_there_takes_comes_back(void)
{
    stop_worker();
    int before = done_there();
    CHECK_STR(text_of(wait_ready(order(172), token), "status"), "ready"); // by the worker beside, after two seconds
    CHECK(done_there() == before);
    start_worker();
}

static void without_runpod_the_workers_beside_do_it(void)
{
    sleep_ms(3200); // the rest after the last failure is over: RunPod has its turn again
    // The worker beside may be waiting inside a request for a job that it made before: it gets one more.
    CHECK_STR(text_of(wait_ready(order(177), token), "status"), "ready");
    int before = done_there();
    CHECK_STR(text_of(wait_ready(order(175), token), "status"), "ready");
    CHECK(done_there() == before + 1);
    server_stop(server[1], SIGKILL);
    CHECK_STR(text_of(wait_ready(order(173), token), "status"), "ready");
    start(1, 0);
}

static void stopping_takes_jobs_back(void)
{
    sleep_ms(3200);
    stop_worker(); // what is given there now waits
    const char *id = order(176);
    sleep_ms(1000);
    server_stop(server[0], SIGTERM);
    start(0, 1);
    start_worker();
    CHECK_STR(text_of(wait_ready(id, token), "status"), "ready"); // not after a lease of a minute
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    setenv("TRYON_RATE", "0", 1);
    for (int i = 0; i < 2; i++) {
        snprintf(data[i], sizeof data[i], "/tmp/tryon-cloud-XXXXXX");
        if (!mkdtemp(data[i])) return 1;
    }
    start(1, 0);
    secret_of(data[1], "operator_key", operator_key);
    // Ours is started twice: its address, which RunPod's workers need, is known only when it has one.
    start(0, 0);
    server_stop(server[0], SIGTERM);
    char base[80];
    snprintf(base, sizeof base, "%s/v2", theirs);
    setenv("PUBLIC_URL", ours, 1);
    setenv("RUNPOD_ENDPOINT_BASE_URL", base, 1);
    setenv("RUNPOD_ENDPOINT_ID", "avatar", 1);
    setenv("RUNPOD_API_KEY", operator_key, 1);
    setenv("RUNPOD_QUEUE_SECONDS", "2", 1);
    setenv("RUNPOD_REST_SECONDS", "3", 1);
    start(0, 1);
    // RunPod itself has neither of these.
    unsetenv("RUNPOD_ENDPOINT_ID");
    secret_of(data[0], "link_key", link_key);
    snprintf(token, sizeof token, "%s", text_of(ask("POST", "/v1/guests", NULL, NULL, NULL, 0, NULL), "token"));
    start_worker();
    RUN(a_job_is_done_there_and_its_files_come_here);
    RUN(a_persons_own_fault_is_told_to_her);
    RUN(a_job_called_off_here_is_called_off_there);
    RUN(who_asked_to_be_told_is_told_of_a_job_done_there);
    RUN(the_webhook_opens_only_with_its_token);
    RUN(a_job_nobody_there_takes_comes_back);
    RUN(without_runpod_the_workers_beside_do_it);
    setenv("RUNPOD_ENDPOINT_ID", "avatar", 1);
    RUN(stopping_takes_jobs_back);
    stop_worker();
    server_stop(server[0], SIGTERM);
    server_stop(server[1], SIGTERM);
    CHECK(schema_faults == 0);
    for (int i = 0; i < 2 && !test_failed; i++) {
        pid_t child = fork();
        if (!child) {
            execl("/bin/rm", "rm", "-rf", data[i], (char *)NULL);
            _exit(1);
        }
        waitpid(child, NULL, 0);
    }
    printf("%d passed, %d failed\n", test_passed, test_failed);
    return test_failed != 0;
}
