// Talks to the server: errors become words, a busy server is asked again, a token is asked for
// once.
import { part } from "./dom.js";
import { problem, solved } from "./notices.js";

const TOKEN = "photochrom-token"; // in sessionStorage
const TURNS = 8; // for a busy server
const LONGEST_WAIT = 30; // seconds
const AWAY = "The server cannot be reached. Is photochrom serve still running?";

export class ServerError extends Error {
  constructor(status, words, wait = 2) {
    super(words);
    this.status = status;
    this.wait = wait;
  }
}

/**
 * The server's answer.
 * @param {string} path
 * @param {{method?: string, content?: object, signal?: AbortSignal, keepalive?: boolean}} [request]
 * @returns {Promise<Response>}
 */
export function ask(path, { content, signal, method, keepalive } = {}) {
  return persist(async () => {
    const headers = credentials();
    if (content !== undefined) headers["Content-Type"] = "application/json";
    const body = content === undefined ? undefined : JSON.stringify(content);
    const how = method ?? (body === undefined ? "GET" : "POST");
    let response;
    try {
      const request = { method: how, headers, body, signal, keepalive, cache: "no-store" };
      response = await fetch(path, request);
    } catch (error) {
      throw error.name === "AbortError" ? error : new ServerError(0, AWAY);
    }
    if (response.ok) return response;
    const text = await response.text();
    throw refusal(response.status, text, response.headers.get("Retry-After"));
  }, signal);
}

/**
 * Sends a file; done with what the server says of it.
 * @param {string} path
 * @param {File} file
 * @param {(share: number) => void} onProgress - how much is sent, 0..1
 * @param {AbortSignal} signal
 */
export function upload(path, file, onProgress, signal) {
  return persist(() => new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch does not tell how much is sent
    request.open("POST", path);
    for (const [name, value] of Object.entries(credentials())) {
      request.setRequestHeader(name, value);
    }
    request.upload.onprogress = (event) => onProgress(event.total ? event.loaded / event.total : 0);
    request.onload = () => {
      const { status, responseText } = request;
      if (status >= 200 && status < 300) resolve(JSON.parse(responseText));
      else reject(refusal(status, responseText, request.getResponseHeader("Retry-After")));
    };
    request.onerror = () => reject(new ServerError(0, AWAY));
    request.onabort = () => reject(new DOMException("given up", "AbortError"));
    signal.addEventListener("abort", () => request.abort());
    const form = new FormData();
    form.append("file", file, file.name);
    request.send(form);
  }), signal);
}

function credentials() {
  const token = sessionStorage.getItem(TOKEN);
  return token ? { Authorization: `Bearer ${token}` } : {};
}

function refusal(status, text, retryAfter) {
  let words;
  try {
    const { detail } = JSON.parse(text);
    words = typeof detail === "string" ? detail : JSON.stringify(detail);
  } catch {
    words = `The server answered with ${status}. Trying again may help.`;
  }
  return new ServerError(status, words, Number(retryAfter) || undefined);
}

async function persist(attempt, signal) {
  for (let turn = 1; ; turn += 1) {
    try {
      const result = await attempt();
      solved("busy");
      return result;
    } catch (error) {
      if (signal?.aborted || !(error instanceof ServerError) || turn === TURNS) throw error;
      if (error.status === 401) await askToken();
      else if (error.status === 429 || error.status === 503) {
        problem("busy", "The server is busy. It is asked again by itself.");
        await pause(Math.min(error.wait, LONGEST_WAIT), signal);
      } else throw error;
    }
  }
}

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, 1000 * seconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("given up", "AbortError"));
    });
  });
}

let asking = null; // several requests may need the token at the same time

function askToken() {
  asking ??= new Promise((resolve) => {
    sessionStorage.removeItem(TOKEN);
    const dialog = part("token-dialog");
    dialog.addEventListener("close", () => {
      sessionStorage.setItem(TOKEN, part("token").value);
      part("token").value = "";
      asking = null;
      resolve();
    }, { once: true });
    dialog.showModal();
  });
  return asking;
}
