import { describe, expect, it } from 'vitest'
import { commitMessageMistake } from '../scripts/check-commit-message.mjs'

describe('the commit-msg hook', () => {
  it.each([
    'feat(edge): answer the first ping',
    'fix(connectors/typescript): name the file that failed\n\nBecause nobody could find it.',
    'feat(errors)!: rename a code',
    'docs: say what a guard is',
    'ci(githooks): check the message',
    'Merge branch main',
    'chore: tidy\n# a comment of git itself',
  ])('lets %j pass', (message) => {
    expect(commitMessageMistake(message)).toBeUndefined()
  })

  it.each([
    ['updated stuff', 'must read'],
    ['feature(edge): answer', 'no type'],
    ['feat(nowhere): answer', 'no scope'],
    ['feat(../edge): answer', 'no scope'],
    [`feat: ${'x'.repeat(100)}`, '100 is the most'],
    ['feat: answer\nat once', 'must be empty'],
  ])('refuses %j', (message, mistake) => {
    expect(commitMessageMistake(message)).toContain(mistake)
  })
})
