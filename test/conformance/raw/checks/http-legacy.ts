import assert from 'node:assert/strict'
import { ENVELOPE, openLegacy, openStream, send } from '../../../fixtures/http-client.ts'
import { LEGACY, type RawCheck } from '../check.ts'

const versioned = (sessionId: string, version: string | undefined = '2025-11-25') => ({
  'mcp-session-id': sessionId,
  'mcp-protocol-version': version,
})

export const httpLegacy: readonly RawCheck[] = [
  {
    id: 'legacy-version-header',
    requirement: 'An unsupported `MCP-Protocol-Version` is answered with 400; without one 2025-03-26 is assumed',
    level: 'MUST',
    revisions: LEGACY,
    tests: {
      http: async ({ port }) => {
        const { post, sessionId } = await openLegacy(port)
        for (const version of ['1999-01-01', '2025-1-1', 'latest'])
          assert.equal(
            (await post({ id: 1, method: 'ping' }, { 'mcp-protocol-version': version })).status,
            400,
            version,
          )
        const absent = await post({ id: 1, method: 'ping' }, { 'mcp-protocol-version': undefined })
        assert.deepEqual([absent.status, absent.json.result], [200, {}])
        const get = await send(port, {
          method: 'GET',
          headers: { ...versioned(sessionId, '1999-01-01'), accept: 'text/event-stream' },
        })
        assert.equal(get.status, 400)
      },
    },
  },
  {
    id: 'legacy-notification',
    requirement:
      '`notifications/initialized` and every other notification or response is answered with 202 and no body',
    level: 'MUST',
    revisions: LEGACY,
    tests: {
      http: async ({ port }) => {
        const { post } = await openLegacy(port)
        for (const message of [
          { method: 'notifications/initialized' },
          { method: 'notifications/roots/list_changed' },
          { method: 'notifications/unknown', params: { a: 1 } },
          { id: 'nobody asked', result: {} },
        ]) {
          const { status, text } = await post(message)
          assert.deepEqual([status, text], [202, ''], JSON.stringify(message))
        }
      },
    },
  },
  {
    id: 'session-id',
    requirement: "A session id is unguessable visible ASCII; missing is 400, unknown, ended or another principal's 404",
    level: 'MUST',
    revisions: LEGACY,
    tests: {
      http: async ({ port }) => {
        const [one, two] = [await openLegacy(port), await openLegacy(port)]
        assert.match(one.sessionId, /^[\x21-\x7e]{32,}$/)
        assert.notEqual(one.sessionId, two.sessionId)
        assert.equal((await one.post({ id: 1, method: 'ping' }, { 'mcp-session-id': undefined })).status, 400)
        assert.equal((await one.post({ id: 1, method: 'ping' }, { 'mcp-session-id': 'unknown' })).status, 404)
        assert.equal((await one.post({ id: 1, method: 'ping' }, { authorization: 'Bearer bob' })).status, 404)
        const ended = await send(port, { method: 'DELETE', headers: versioned(one.sessionId) })
        assert.equal(ended.status, 204)
        assert.equal((await one.post({ id: 1, method: 'ping' })).status, 404)
        assert.equal((await two.post({ id: 1, method: 'ping' })).status, 200)
      },
    },
  },
  {
    id: 'one-stream-rule',
    requirement: 'A message goes out on exactly one stream, and no response goes out on the stream of a GET',
    level: 'MUST',
    revisions: LEGACY,
    tests: {
      http: async ({ port }) => {
        const { request, sessionId } = await openLegacy(port)
        const headers = { ...versioned(sessionId), accept: 'text/event-stream' }
        const first = await openStream(port, { method: 'GET', headers })
        const second = await openStream(port, { method: 'GET', headers })
        const noisy = await request('tools/call', { name: 'flood', _meta: { progressToken: 't' } })
        assert.ok(noisy.messages.some(({ method }) => method === 'notifications/progress'))
        await request('tools/call', { name: 'announce', arguments: { kind: 'tools' } })
        const [only] = await second.messages(1)
        assert.equal(only.method, 'notifications/tools/list_changed')
        second.leave()
        await first.ended
        for (const stream of [first, second]) assert.doesNotMatch(stream.text(), /"result"|notifications\/progress/)
        assert.doesNotMatch(first.text(), /list_changed/)
      },
    },
  },
  {
    id: 'resumption',
    requirement:
      'Event ids are unique in a session, and `Last-Event-ID` brings back just that stream, to its owner alone',
    level: 'MUST',
    revisions: LEGACY,
    tests: {
      http: async ({ port }) => {
        const { request, sessionId } = await openLegacy(port)
        const other = await openLegacy(port)
        const one = await request('tools/call', { name: 'uneven_progress', _meta: { progressToken: 'one' } })
        const two = await request('tools/call', { name: 'uneven_progress', _meta: { progressToken: 'two' } })
        const idsOf = (text: string): string[] => [...text.matchAll(/^id: (.+)$/gm)].map(([, id]) => id as string)
        const ids = [...idsOf(one.text), ...idsOf(two.text)]
        assert.equal(new Set(ids).size, ids.length)
        const resume = (session: string) =>
          openStream(port, {
            method: 'GET',
            headers: { ...versioned(session), accept: 'text/event-stream', 'last-event-id': ids[0] },
          })
        const stranger = await resume(other.sessionId)
        await stranger.until((text) => text.includes('id: '))
        assert.doesNotMatch(stranger.text(), /progressToken/)
        stranger.leave()
        const own = await resume(sessionId)
        await own.until((text) => text.includes('id: '))
        assert.doesNotMatch(own.text(), /"two"/)
        own.leave()
      },
    },
  },
  {
    id: 'disconnect-is-not-cancellation',
    requirement: 'A client of this revision that loses its stream has not cancelled; the notification cancels',
    level: 'SHOULD',
    revisions: LEGACY,
    tests: {
      http: async ({ port, test }) => {
        const { post, request, sessionId } = await openLegacy(port)
        const body = JSON.stringify({
          jsonrpc: '2.0',
          id: 9,
          method: 'tools/call',
          params: { name: 'wait', arguments: { key: 'kept' } },
        })
        const cancelled = (): number =>
          test.records.filter(({ name, status }) => name === 'wait' && status === 'cancelled').length
        const before = cancelled()
        const stream = await openStream(port, { headers: versioned(sessionId), body })
        await stream.messages(1)
        stream.leave()
        await request('tools/call', { name: 'echo', arguments: { text: 'still here' } })
        assert.equal(cancelled(), before)
        const waiting = request('tools/call', { name: 'until_cancelled', arguments: { key: 'kept' } })
        await post({ method: 'notifications/cancelled', params: { requestId: 9 } })
        assert.equal((await waiting).json.result.content[0].text, 'it was cancelled')
      },
    },
  },
  {
    id: 'modern-claim-needs-no-session',
    requirement:
      'Both eras share one endpoint: a request with an envelope is served without a session, beside open ones',
    level: 'MAY',
    revisions: ['2025-11-25', '2026-07-28'],
    tests: {
      http: async ({ port }) => {
        const { request } = await openLegacy(port)
        const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'server/discover', params: { _meta: ENVELOPE } })
        const modern = await send(port, {
          body,
          headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'server/discover' },
        })
        assert.ok(modern.json.result.supportedVersions.includes('2026-07-28'))
        assert.deepEqual((await request('ping')).json.result, {})
      },
    },
  },
]
