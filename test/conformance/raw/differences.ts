/** One place where Toolgate does something else than the specification allows or suggests, and why. */
export interface Difference {
  readonly what: string
  readonly why: string
  /** The check that shows it. */
  readonly check?: string
}

/** Differences that were chosen. */
export const DIFFERENCES: readonly Difference[] = [
  {
    what: 'A batch is refused in every revision, also in 2025-03-26, the one that had batches.',
    why: 'One request, one answer, one record: a batch would multiply what a single rate-limited, audited request can do. No known client sends one.',
    check: 'no-batch',
  },
  {
    what: 'Names of tools and prompts have 1 to 64 characters of `[A-Za-z0-9_-]`; the specification allows 128, and the dot.',
    why: 'Models and clients refuse other names: the smaller set works with all of them.',
  },
  {
    what: "Toolgate's own JSON-RPC codes are -31xxx, with the HTTP status as the last three digits; -32000 is never sent.",
    why: 'Revision 2026-07-28 closes -32000…-32099 to new use, and own codes have to lie outside what JSON-RPC reserves.',
    check: 'own-codes',
  },
  {
    what: 'An error about a message that could not be read has no `id` at all, instead of `null`.',
    why: "The revisions' schemas know no null id; clients that validate what they get reject it.",
    check: 'parse-error',
  },
  {
    what: 'In the revisions with sessions an unknown method is answered in band, with HTTP status 200.',
    why: 'There 404 says that the session has ended, and a client would open a new one.',
    check: 'unknown-methods',
  },
  {
    what: 'A POST whose `Accept` excludes JSON or event streams is answered with 406; a missing `Accept` or `*/*` takes both.',
    why: 'Which of the two an answer will be is known only while the handler runs, so a client has to take both.',
  },
  {
    what: 'A POST of a cancelled request, in the revisions with sessions, ends with 202 and no body, or its stream just ends.',
    why: 'The request gets no JSON-RPC answer, as the specification wants; the HTTP exchange still has to end.',
    check: 'cancellation',
  },
  {
    what: '`DELETE` of a session is answered with 204.',
    why: 'There is nothing to say; the specification leaves the status open.',
    check: 'session-id',
  },
  {
    what: 'A message nested deeper than `server.maxJsonDepth`, or with a key named `__proto__`, is -32600 although it is JSON-RPC.',
    why: 'Both are ways to break parsers and handlers behind them; no real request has either.',
    check: 'nesting-is-bounded',
  },
  {
    what: 'A request header that matters and is there twice is refused with 400.',
    why: 'Proxies and Node pick different ones, so that one would be checked and the other be used.',
  },
  {
    what: 'Every cache hint says `private`.',
    why: 'What is listed and read depends on who asks, and a shared cache does not know that.',
    check: 'one-cache-scope',
  },
  {
    what: 'Over stdio a second request with the id of one that still runs is refused, without an id in the error.',
    why: 'Two answers with one id could be told apart by nobody, and an error with that id would be taken for the first answer.',
  },
  {
    what: 'Progress beyond a readable pace, and notifications beyond `limits.maxNotificationsPerCall`, are dropped; the result still comes.',
    why: 'A handler that floods must not drown its caller.',
    check: 'progress',
  },
]
