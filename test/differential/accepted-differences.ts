import type { Difference } from './compare.ts'

/** A difference from the official SDK's server that is meant to be, and why. */
export interface AcceptedDifference {
  readonly what: string
  readonly why: string
  /** Which differences it covers. One that covers none any more fails the suite. */
  readonly covers: (difference: Difference) => boolean
}

const at = (path: RegExp): AcceptedDifference['covers'] => {
  return (difference) => path.test(difference.path)
}

const inRequest = (request: string, path: RegExp): AcceptedDifference['covers'] => {
  return (difference) => difference.request === request && path.test(difference.path)
}

const codes = (toolgate: number, official: number): AcceptedDifference['covers'] => {
  return (difference) =>
    /error\.code$/.test(difference.path) && difference.toolgate === toolgate && difference.official === official
}

const ANSWER = /^(status|type|messages\.0\.(error|result|id))$/

export const ACCEPTED: readonly AcceptedDifference[] = [
  {
    what: 'The sentence of an error.',
    why: 'Messages are for people and may change; ours name the field and the next step, and never quote a validator.',
    covers: (difference) =>
      /error\.message$/.test(difference.path) &&
      typeof difference.toolgate === 'string' &&
      typeof difference.official === 'string',
  },
  {
    what: '`error.data` has a stable code, the reference of the call and, where there is one, a hint.',
    why: 'A client can act on the code, and the operator finds the cause in the log under the reference.',
    covers: (difference) =>
      /error\.data(\.(code|callId|header))?$/.test(difference.path) && difference.official === undefined,
  },
  {
    what: "The official server's own details of a header mismatch or a bad envelope are not in `error.data`.",
    why: 'No specification names them; ours has the name of the header.',
    covers: (difference) =>
      /error\.data\.(mismatch|envelope)$/.test(difference.path) && difference.toolgate === undefined,
  },
  {
    what: 'The text of a result with `isError`.',
    why: 'Written for a model: which field is wrong and how. What an exception or a validator says about the inside stays in the log.',
    covers: (difference) =>
      /result\.content\.0\.text$/.test(difference.path) &&
      /^(wrong type|missing|forbidden|no arguments where|tool that|question to)/.test(difference.request),
  },
  {
    what: 'A result with `isError` carries its stable code and the reference of the call in `_meta`.',
    why: 'As `error.data` for errors; under a key of our own, as the specification wants.',
    covers: (difference) =>
      /result\._meta(\.dev\.toolgate\/error)?$/.test(difference.path) && difference.official === undefined,
  },
  {
    what: 'An answer without notifications is one JSON body where the official server opens an event stream.',
    why: 'Both are allowed; JSON is cheaper for server, client and everything on the way.',
    covers: ({ era, path, toolgate, official }) =>
      era === 'legacy' && path === 'type' && toolgate === 'application/json' && official === 'text/event-stream',
  },
  {
    what: 'The endpoint names every revision it serves, in `server/discover` and in the error to an unknown one.',
    why: 'Both eras are served here; the official handler for the stateless revision speaks for itself alone.',
    covers: at(/(supportedVersions|error\.data\.supported)$/),
  },
  {
    what: '`resources.subscribe` is declared.',
    why: 'Updates of single resources are announced; the official server leaves that to its user.',
    covers: at(/result\.capabilities\.resources\.subscribe$/),
  },
  {
    what: 'A tool without arguments says `additionalProperties: false` instead of empty `properties`.',
    why: 'The form that the specification recommends: just an empty object is accepted.',
    covers: at(/tools\.(ask|broken|mixed|report|wrong_output)\.inputSchema\.(additionalProperties|properties)$/),
  },
  {
    what: 'A cursor that the server did not make is refused.',
    why: 'The specification asks for -32602; the official server has no pages and ignores it.',
    covers: inRequest('bad cursor', ANSWER),
  },
  {
    what: 'Completing an argument that does not exist is refused.',
    why: 'An empty list would hide the misspelt name.',
    covers: inRequest('complete an unknown argument', ANSWER),
  },
  {
    what: 'A completion without values says that there are none in `total`.',
    why: 'The number is known.',
    covers: ({ path, toolgate }) => path.endsWith('completion.total') && toolgate === 0,
  },
  {
    what: 'Parameters of the wrong shape are -32602; the official server answers some with -32603.',
    why: 'The caller made the mistake, and -32602 is the code for it (reading, completing, setting a log level).',
    covers: codes(-32602, -32603),
  },
  {
    what: 'An unknown resource is -32002 in the revisions before 2026-07-28.',
    why: 'Those revisions say so; the newer one has -32602, and there both agree.',
    covers: (difference) => difference.era === 'legacy' && codes(-32002, -32602)(difference),
  },
  {
    what: 'JSON that is no JSON-RPC message is -32600 in every revision, where the official server says -32700 in older ones.',
    why: 'JSON-RPC keeps -32700 for text that is not JSON.',
    covers: codes(-32600, -32700),
  },
  {
    what: 'A request that HTTP refuses has a code of -31xxx, not -32000.',
    why: 'Revision 2026-07-28 closes -32000…-32019 to new use.',
    covers: (difference) => [-31400, -31406, -31415].some((code) => codes(code, -32000)(difference)),
  },
  {
    what: 'A batch that claims the stateless revision in its header is -32600, not -32000.',
    why: 'It is not one JSON-RPC message; that is what is wrong with it.',
    covers: (difference) => difference.request === 'batch' && codes(-32600, -32000)(difference),
  },
  {
    what: 'A batch is refused in a session; the official server answers it.',
    why: 'Revision 2025-06-18 took batches out of the protocol.',
    covers: (difference) => difference.era === 'legacy' && inRequest('batch', ANSWER)(difference),
  },
  {
    what: 'An error about a message without a readable id has no `id`, where the official server has null.',
    why: 'The schemas of the revisions know no null id.',
    covers: ({ path, toolgate, official }) => path === 'messages.0.id' && toolgate === undefined && official === null,
  },
  {
    what: 'A refused request gets its own id back, where the official server says null.',
    why: 'The id could be read, so the client can tell which request was refused.',
    covers: ({ path, toolgate, official }) => path === 'messages.0.id' && toolgate === 1 && official === null,
  },
  {
    what: 'A client of the stateless revision that accepts JSON alone is refused.',
    why: 'It has to accept both; whether an answer becomes a stream is known only while the handler runs.',
    covers: (difference) => difference.era === 'modern' && inRequest('JSON alone accepted', ANSWER)(difference),
  },
  {
    what: 'A question asked during a call carries no progress token.',
    why: 'Nobody waits for progress of a question.',
    covers: inRequest('question mid-call', /^question\.params\._meta$/),
  },
]
