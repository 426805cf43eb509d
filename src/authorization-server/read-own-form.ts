import { ToolgateError } from '../errors.ts'
import { readForm } from './read-form.ts'
import type { PageExchange, ServerParts } from './server-parts.ts'

/**
 * The fields of a form that a page of this server sent from this browser. Three things must agree: `Origin`, where it is
 * sent; `Sec-Fetch-Site`, where it is sent; and the token in the form with the browser's cookie. Throws `FOREIGN_ORIGIN`.
 */
export async function readOwnForm(parts: ServerParts, exchange: PageExchange): Promise<ReadonlyMap<string, string>> {
  const { request, path } = exchange
  const { origin = parts.issuer, 'sec-fetch-site': site = 'same-origin' } = request.headers
  if (origin !== parts.issuer || site !== 'same-origin') throw foreign()
  const form = await readForm(request)
  if (!parts.cookies.isFormToken(request, path, form.get('token'))) throw foreign()
  return form
}

function foreign(): ToolgateError {
  return new ToolgateError({
    code: 'FOREIGN_ORIGIN',
    message: 'This form was not sent by a page of this server, or the page is too old.',
    hint: 'Go back, load the page again and try once more. Cookies must be allowed.',
  })
}
