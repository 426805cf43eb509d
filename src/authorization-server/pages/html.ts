/** Text that is HTML already. */
export interface Html {
  readonly html: string
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** What could be taken for something else: control characters, and those that turn or hide text. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu

/** Escapes everything that is put in, unless it is `Html`. */
export function html(
  texts: TemplateStringsArray,
  ...values: readonly (string | number | Html | readonly Html[])[]
): Html {
  const filled = texts.map((text, index) => {
    const value = values[index]
    return value === undefined ? text : text + write(value)
  })
  return { html: filled.join('') }
}

function write(value: string | number | Html | readonly Html[]): string {
  if (Array.isArray(value)) return value.map(({ html: text }) => text).join('')
  if (typeof value === 'object') return (value as Html).html
  return String(value)
    .replace(UNSEEN, '')
    .replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '')
}

/** Nothing. */
export const none: Html = { html: '' }
