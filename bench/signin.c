/* SPDX-License-Identifier: Apache-2.0 */
/*
 * People who sign in, one after the other in each of some threads, as browsers and programs do it:
 * authorization code with PKCE, until the program has its credential.
 *
 *	signin THREADS SECONDS AUTHORIZE TOKEN USERINFO BUTTON
 *
 * AUTHORIZE is the URL that a program opens, TOKEN where it redeems the code, USERINFO where it
 * then asks whose it is ("-": not asked), BUTTON how the link of the chat service begins on a page
 * ("-": none). Each sign-in is a new browser to everybody but the OpenID provider, which knows the
 * person from before. Prints how many there were, and the seconds that they took.
 */
#include <curl/curl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THREADS_MAX 64
#define BODY_MAX 262144
#define URL_MAX 8192
#define STEPS_MAX 24
#define REDIRECT "http://127.0.0.1:4711/callback"
#define VERIFIER "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"
/* The provider's cookies: all others are forgotten. */
#define KEPT "\t_session"

static const char *authorize, *token_url, *userinfo, *button;
static double seconds;

typedef struct Person {
	pthread_t thread;
	unsigned number;
	unsigned long done;
	CURL *curl;
	struct curl_slist *kept;
	char body[BODY_MAX];
	size_t size;
	char url[URL_MAX];
} Person;

static void fail(const char *what, const char *about)
{
	fprintf(stderr, "signin: %s: %s\n", what, about);
	exit(1);
}

static double now_s(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static size_t take(char *bytes, size_t size, size_t count, void *data)
{
	Person *person = data;
	if (person->size + size * count >= BODY_MAX) {
		return 0;
	}
	memcpy(person->body + person->size, bytes, size * count);
	person->size += size * count;
	person->body[person->size] = '\0';
	return size * count;
}

/* The status; the answer lies in person->body. fields NULL: GET. */
static long ask(Person *person, const char *url, const char *fields)
{
	long status = 0;
	person->size = 0;
	person->body[0] = '\0';
	curl_easy_setopt(person->curl, CURLOPT_URL, url);
	if (fields) {
		curl_easy_setopt(person->curl, CURLOPT_COPYPOSTFIELDS, fields);
	} else {
		curl_easy_setopt(person->curl, CURLOPT_HTTPGET, 1L);
	}
	CURLcode code = curl_easy_perform(person->curl);
	if (code != CURLE_OK) {
		fail(url, curl_easy_strerror(code));
	}
	curl_easy_getinfo(person->curl, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

/* Copies what stands after begin up to the end, or to a character of ends. */
static bool cut(const char *text, const char *begin, const char *ends, char *ret_part, size_t size)
{
	const char *at = strstr(text, begin);
	if (!at) {
		return false;
	}
	at += strlen(begin);
	size_t length = strcspn(at, ends);
	if (length >= size) {
		fail("too long", begin);
	}
	memcpy(ret_part, at, length);
	ret_part[length] = '\0';
	return true;
}

/* url becomes absolute by where we are. */
static void go(Person *person, const char *target)
{
	CURLU *base = curl_url();
	char *whole = NULL;
	if (curl_url_set(base, CURLUPART_URL, person->url, 0) != CURLUE_OK ||
	    curl_url_set(base, CURLUPART_URL, target, 0) != CURLUE_OK ||
	    curl_url_get(base, CURLUPART_URL, &whole, 0) != CURLUE_OK || strlen(whole) >= URL_MAX) {
		fail("no address", target);
	}
	snprintf(person->url, sizeof person->url, "%s", whole);
	curl_free(whole);
	curl_url_cleanup(base);
}

/* A page of the provider, the first time: who it is, and yes. */
static long answer_page(Person *person)
{
	char action[URL_MAX];
	char fields[256];
	const char *prompt = strstr(person->body, "value=\"login\"") ? "login" : "consent";
	if (!cut(person->body, "action=\"", "\"", action, sizeof action)) {
		fail(person->url, person->body);
	}
	snprintf(fields, sizeof fields, "prompt=%s&login=person-%u&password=x", prompt,
		 person->number);
	go(person, action);
	return ask(person, person->url, fields);
}

/* Through pages and redirects until the program is called back; its code. */
static void walk(Person *person, char *ret_code, size_t size)
{
	snprintf(person->url, sizeof person->url, "%s", authorize);
	long status = ask(person, person->url, NULL);
	for (unsigned step = 0; step < STEPS_MAX; step++) {
		char link[URL_MAX];
		char *location = NULL;
		if (status >= 300 && status < 400) {
			curl_easy_getinfo(person->curl, CURLINFO_REDIRECT_URL, &location);
			if (location &&
			    strncmp(location, REDIRECT "?", strlen(REDIRECT "?")) == 0) {
				if (!cut(location, "code=", "&", ret_code, size)) {
					fail("no code", location);
				}
				return;
			}
			go(person, location ? location : "");
		} else if (status == 200 && button[0] != '-' &&
			   cut(person->body, button, "\"", link, sizeof link)) {
			char target[URL_MAX];
			snprintf(target, sizeof target, "%s%s", strchr(button, '/'), link);
			go(person, target);
		} else if (status == 200) {
			status = answer_page(person);
			continue;
		} else {
			fail(person->url, person->body);
		}
		status = ask(person, person->url, NULL);
	}
	fail("no end", person->url);
}

static void redeem(Person *person, const char *code)
{
	char fields[URL_MAX + 256];
	char token[URL_MAX];
	snprintf(fields, sizeof fields,
		 "grant_type=authorization_code&client_id=imdrive&code=%s&code_verifier=" VERIFIER
		 "&redirect_uri=http%%3A%%2F%%2F127.0.0.1%%3A4711%%2Fcallback",
		 code);
	if (ask(person, token_url, fields) != 200 ||
	    !cut(person->body, "\"access_token\":", ",}", token, sizeof token)) {
		fail(token_url, person->body);
	}
	if (strcmp(userinfo, "-") == 0) {
		return;
	}
	char bare[URL_MAX];
	char header[URL_MAX + 32];
	if (!cut(token, "\"", "\"", bare, sizeof bare)) {
		fail("token", token);
	}
	snprintf(header, sizeof header, "Authorization: Bearer %s", bare);
	struct curl_slist *headers = curl_slist_append(NULL, header);
	curl_easy_setopt(person->curl, CURLOPT_HTTPHEADER, headers);
	long status = ask(person, userinfo, NULL);
	curl_easy_setopt(person->curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(headers);
	if (status != 200) {
		fail(userinfo, person->body);
	}
}

static void sign_in(Person *person)
{
	char code[URL_MAX];
	curl_easy_setopt(person->curl, CURLOPT_COOKIELIST, "ALL");
	for (struct curl_slist *each = person->kept; each; each = each->next) {
		curl_easy_setopt(person->curl, CURLOPT_COOKIELIST, each->data);
	}
	walk(person, code, sizeof code);
	redeem(person, code);
}

static void prepare(Person *person)
{
	struct curl_slist *all = NULL;
	person->curl = curl_easy_init();
	curl_easy_setopt(person->curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(person->curl, CURLOPT_WRITEDATA, person);
	curl_easy_setopt(person->curl, CURLOPT_COOKIEFILE, "");
	curl_easy_setopt(person->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(person->curl, CURLOPT_TIMEOUT, 60L);
	curl_easy_setopt(person->curl, CURLOPT_PROXY, "");
	sign_in(person);
	curl_easy_getinfo(person->curl, CURLINFO_COOKIELIST, &all);
	for (struct curl_slist *each = all; each; each = each->next) {
		if (strstr(each->data, KEPT)) {
			person->kept = curl_slist_append(person->kept, each->data);
		}
	}
	curl_slist_free_all(all);
}

static void *run(void *data)
{
	Person *person = data;
	double end_s = now_s() + seconds;
	while (now_s() < end_s) {
		sign_in(person);
		person->done++;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	unsigned threads = argc == 7 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
	if (threads < 1 || threads > THREADS_MAX) {
		fail("usage", "signin THREADS SECONDS AUTHORIZE TOKEN USERINFO BUTTON");
	}
	seconds = strtod(argv[2], NULL);
	authorize = argv[3];
	token_url = argv[4];
	userinfo = argv[5];
	button = argv[6];
	curl_global_init(CURL_GLOBAL_DEFAULT);
	Person *people = calloc(threads, sizeof *people);
	for (unsigned i = 0; i < threads; i++) {
		people[i].number = i;
		prepare(&people[i]);
	}
	/* Whoever measures the processes' time begins and ends with these lines. */
	puts("begin");
	fflush(stdout);
	double start_s = now_s();
	unsigned long done = 0;
	for (unsigned i = 0; i < threads; i++) {
		pthread_create(&people[i].thread, NULL, run, &people[i]);
	}
	for (unsigned i = 0; i < threads; i++) {
		pthread_join(people[i].thread, NULL);
		done += people[i].done;
	}
	printf("%lu %.6f\n", done, now_s() - start_s);
	fflush(stdout);
	getchar();
	return 0;
}
