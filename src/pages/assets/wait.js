/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waits with the server for what happens in the chat program, and goes on by itself. Without this
 * script the page loads itself anew every few seconds.
 *
 * The answer to data-poll is JSON: {"state": "waiting"} or anything else, at which the page is
 * loaded, and the server says what is next. A server that is away is asked again, ever more slowly.
 */
"use strict";

(function () {
  const place = document.querySelector("[data-poll]");
  if (!place || !window.fetch) {
    return;
  }
  const status = place.querySelector("[data-status]");
  const words = status.textContent;
  let failures = 0;

  function go() {
    window.location.replace(place.dataset.next);
  }

  function again(delay) {
    window.setTimeout(ask, delay);
  }

  async function ask() {
    let answer;
    try {
      const response = await window.fetch(place.dataset.poll, {
        credentials: "same-origin",
        cache: "no-store",
        redirect: "error",
      });
      if (response.status >= 500 || response.status === 429) {
        throw new Error("not now");
      }
      answer = response.ok ? await response.json() : { state: "gone" };
    } catch (error) {
      failures += 1;
      status.textContent = place.dataset.lost;
      place.classList.add("lost");
      again(Math.min(500 * 2 ** failures, 5000));
      return;
    }
    failures = 0;
    place.classList.remove("lost");
    status.textContent = words;
    if (answer.state === "waiting") {
      again(answer.again_ms || 0);
    } else {
      go();
    }
  }

  ask();
})();
