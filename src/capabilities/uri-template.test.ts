import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileUriTemplate } from './uri-template.ts'

const match = (template: string, uri: string): Record<string, string> | undefined => {
  const found = compileUriTemplate(template).match(uri)
  return found === undefined ? undefined : { ...found }
}

describe('a URI template', () => {
  it('takes a URI apart', () => {
    expect(match('db://{table}/{id}', 'db://customers/17')).toEqual({ table: 'customers', id: '17' })
    expect(match('test://template/{id}/data', 'test://template/a%20b/data')).toEqual({ id: 'a b' })
    expect(match('file:///{+path}', 'file:///a/b/c.txt')).toEqual({ path: 'a/b/c.txt' })
    expect(match('repo:/{/owner}', 'repo://acme')).toEqual({ owner: 'acme' })
  })

  it('does not match what does not fit', () => {
    expect(match('db://{table}/{id}', 'db://customers')).toBeUndefined()
    expect(match('db://{table}/{id}', 'db://customers/')).toBeUndefined()
    expect(match('db://{table}', 'db://a/b')).toBeUndefined()
    expect(match('db://{table}', 'db://a?x=1')).toBeUndefined()
    expect(match('db://{table}', 'db://%zz')).toBeUndefined()
  })

  it('lets no segment reach into another', () => {
    for (const hostile of ['..', '.', '%2e%2e', '..%2fsecret', 'a%2f..%2fb', '..%5csecret', 'a%5c..%5cb', 'a%00']) {
      expect(match('file:///public/{name}', `file:///public/${hostile}`)).toBeUndefined()
      expect(match('file:///public/{+name}', `file:///public/x/${hostile}`)).toBeUndefined()
    }
  })

  it('refuses templates that could not be matched without guessing', () => {
    for (const template of ['x://{a}{b}', 'x://{a}/{a}', 'x://{?q}', 'x://{a', 'x://a}', 'x://{a:3}']) {
      expect(() => compileUriTemplate(template)).toThrow(/cannot be used/)
    }
  })

  it('finds again what was put in', () => {
    const segment = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => isWellFormed(text) && !isDots(text))
    fc.assert(
      fc.property(segment, segment, (a, b) => {
        const uri = `db://${encodeURIComponent(a)}/rows/${encodeURIComponent(b)}`
        const reachesOut = ['/', '\\', '\0'].some((character) => (a + b).includes(character))
        expect(match('db://{a}/rows/{b}', uri)).toEqual(reachesOut ? undefined : { a, b })
      }),
    )
  })
})

function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed()
}

function isDots(text: string): boolean {
  return text.split(/[/\\]/).some((part) => part === '.' || part === '..')
}
