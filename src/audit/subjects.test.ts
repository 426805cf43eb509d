import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Observation } from '../observe/observation.ts'
import { createMemorySubjectKeyStore } from '../storage/memory/subject-key-store.ts'
import type { SubjectKeyStore } from '../storage/subject-key-store.ts'
import { SubjectKey } from './subject-key.ts'
import { createSubjects, type Subjects } from './subjects.ts'

const ANN = { id: 'key:ann', name: 'Ann', kind: 'api-key' }
const masterKey = randomBytes(32)

function make(store: SubjectKeyStore = createMemorySubjectKeyStore(), key: Uint8Array = masterKey) {
  const seen: Observation[] = []
  let now = 0
  const observer = (observation: Observation): void => void seen.push(observation)
  const subjects: Subjects = createSubjects({ store, masterKey: () => key, clock: () => now, observer })
  return { subjects, store, seen, pass: (ms: number) => (now += ms) }
}

describe('a subject', () => {
  it('is a pseudonym that says nothing of the principal, the same in the next process', () => {
    const { subjects, store } = make()
    const ann = subjects.of(ANN)
    expect(ann.subject).toMatch(/^s_[\w-]{22}$/)
    expect(ann.isKept).toBe(true)
    expect(subjects.of({ ...ANN, id: 'key:bob' }).subject).not.toBe(ann.subject)
    expect(make(store).subjects.of(ANN).subject).toBe(ann.subject)
  })

  it('is told by whoever has its key, and by nobody else', () => {
    const { subjects, store } = make()
    const { subject, sealed } = subjects.of(ANN)
    const { wrappedKey = '' } = store.findSubject(subject) ?? {}
    const identity = SubjectKey.unwrap(subject, wrappedKey, masterKey)?.open(sealed)
    expect(JSON.parse(identity ?? '')).toEqual({ principal: 'key:ann', name: 'Ann', kind: 'api-key' })
    expect(SubjectKey.unwrap(subject, wrappedKey, randomBytes(32))).toBeUndefined()
    expect(SubjectKey.unwrap('s_other', wrappedKey, masterKey)).toBeUndefined()
    const bob = subjects.of({ ...ANN, id: 'key:bob' })
    expect(bob.key.open(sealed)).toBeUndefined()
    expect(bob.key.digest('x')).not.toBe(subjects.of(ANN).key.digest('x'))
  })

  it('is a new one soon after its key was destroyed, in a process that has used it too', () => {
    const { subjects, store, pass } = make()
    const before = subjects.of(ANN)
    store.remove(before.subject)
    pass(10_000)
    const after = subjects.of(ANN)
    expect(after.subject).not.toBe(before.subject)
    expect(after.key.open(before.sealed)).toBeUndefined()
  })

  it('that cannot be stored is not kept, is observed, and is stored when that works again', () => {
    const store = createMemorySubjectKeyStore()
    let isBroken = true
    const find: SubjectKeyStore['find'] = (id) => {
      if (isBroken) throw new Error('The disk is full.')
      return store.find(id)
    }
    const { subjects, seen, pass } = make({ ...store, find })
    expect(subjects.of(ANN).isKept).toBe(false)
    expect(seen).toMatchObject([{ type: 'fault', cause: { message: 'The disk is full.' } }])
    isBroken = false
    pass(10_000)
    expect(subjects.of(ANN).isKept).toBe(true)
  })

  it('whose key was stored under another pepper is not taken for somebody new', () => {
    const { subjects, store } = make()
    const { subject } = subjects.of(ANN)
    const other = make(store, randomBytes(32))
    expect(other.subjects.of(ANN).isKept).toBe(false)
    expect(other.seen).toMatchObject([{ type: 'fault' }])
    expect(store.find(ANN.id)?.subject).toBe(subject)
  })
})
