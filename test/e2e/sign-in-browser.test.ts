import { mkdirSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { askToken, authorizePath, codeFields, type Lab, PASSWORD, startLab } from '../fixtures/authorization-lab.ts'
import { CHROMIUM, INSTALL_CHROMIUM, startChromium } from '../fixtures/chromium.ts'

/** With `SCREENSHOTS=DIR` every page is kept as a picture, to be looked at. */
const SCREENSHOTS = process.env.SCREENSHOTS

let browser: Browser
let lab: Lab
let context: BrowserContext
let page: Page
let complaints: string[]
let listener: Server
let callback: string
/** What the client's own page shows in a frame. */
let framed = ''

describe.skipIf(CHROMIUM === undefined)(`signing in with a real browser (${INSTALL_CHROMIUM})`, () => {
  beforeAll(async () => {
    browser = await startChromium()
  })
  afterAll(() => browser?.close())
  beforeEach(async () => {
    listener = createServer((request, response) => {
      response.setHeader('content-type', 'text/html')
      response.end(request.url === '/frame' ? `<iframe src="${framed}"></iframe>` : 'You may go back.')
    })
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    callback = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/callback`
    lab = await startLab()
    await lab.addUser('ada')
    await open({})
  })
  afterEach(async () => {
    await context.close()
    await lab.stop()
    listener.close()
  })

  async function open(options: Parameters<Browser['newContext']>[0]): Promise<void> {
    await context?.close()
    context = await browser.newContext({ viewport: { width: 320, height: 640 }, ...options })
    page = await context.newPage()
    complaints = []
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
  }

  async function picture(name: string): Promise<void> {
    if (SCREENSHOTS === undefined) return
    mkdirSync(SCREENSHOTS, { recursive: true })
    await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true })
  }

  const widest = (): Promise<number> => page.evaluate('document.documentElement.scrollWidth')

  const drive = async (): Promise<URL> => {
    await page.goto(`${lab.url}${authorizePath(lab, { redirectUri: callback })}`)
    await picture('sign-in')
    expect(await widest()).toBeLessThanOrEqual(320)
    await page.getByLabel('User name').fill('ada')
    await page.getByLabel('Password', { exact: true }).fill('not the password')
    await page.getByRole('button', { name: 'Sign in' }).click()
    expect(await page.getByRole('alert').textContent()).toContain('is wrong')
    await picture('sign-in-wrong')
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Allow The CLI?' }).waitFor()
    await picture('consent')
    expect(await widest()).toBeLessThanOrEqual(320)
    await page.getByRole('button', { name: 'Allow', exact: true }).click()
    await page.waitForURL(`${callback}*`)
    return new URL(page.url())
  }

  it('ends at the client with a code that is good, in 320 pixels, without a script, and nothing is blocked', async () => {
    await open({ javaScriptEnabled: false })
    const at = await drive()
    expect(at.searchParams.get('iss')).toBe(lab.issuer)
    const fields = codeFields(at.searchParams.get('code') ?? '', { redirect_uri: callback })
    expect((await askToken(lab, fields)).status).toBe(200)
    expect(complaints.filter((text) => /content security|refused|blocked/i.test(text))).toEqual([])
  })

  it('works with the keyboard alone; the focus is seen and goes from top to bottom', async () => {
    await page.goto(`${lab.url}${authorizePath(lab, { redirectUri: callback })}`)
    const focused: string[] = []
    for (let at = 0; at < 4; at++) {
      focused.push(await page.evaluate('document.activeElement.id || document.activeElement.textContent'))
      const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')
      expect(outline).not.toBe('none')
      await page.keyboard.press('Tab')
    }
    expect(focused).toEqual(['name', 'password', 'Sign in', 'Cancel'])
  })

  it('has enough contrast in light and in dark (WCAG 2.2, 1.4.3)', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await open({ colorScheme })
      await page.goto(`${lab.url}/oauth/password`)
      await picture(`password-${colorScheme}`)
      expect(await page.evaluate(lowestContrast)).toBeGreaterThanOrEqual(4.5)
    }
  })

  it('shows no page in a frame of another', async () => {
    framed = `${lab.url}/oauth/password`
    await page.goto(new URL('/frame', callback).href)
    // The load event waits for the frame.
    expect(page.frames().map((frame) => frame.url())).toEqual([
      new URL('/frame', callback).href,
      'chrome-error://chromewebdata/',
    ])
  })

  it('takes no form from a page of another origin, though the browser is signed in', async () => {
    await drive()
    const form = `<form method="post" action="${lab.url}/oauth/sign-out"><button>x</button></form>`
    await page.route('http://localhost:1/*', (route) => route.fulfill({ contentType: 'text/html', body: form }))
    await page.goto('http://localhost:1/')
    const answer = page.waitForResponse(`${lab.url}/oauth/sign-out`)
    await page.getByRole('button').click()
    expect((await answer).status()).toBe(403)
  })

  it('sets a password from an invitation', async () => {
    const { token } = lab.users.invite({ name: 'grace', roles: ['user'], ttlMs: 60_000 })
    await page.goto(`${lab.url}/oauth/invitation/${token}`)
    await picture('invitation')
    await page.getByLabel('New password', { exact: true }).fill(PASSWORD)
    await page.getByLabel('New password, again').fill(PASSWORD)
    await page.getByRole('button').click()
    await page.getByRole('heading', { name: 'Your password is set' }).waitFor()
    await picture('invitation-done')
    await page.goto(`${lab.url}/oauth/invitation/${token}`)
    await picture('invitation-used')
    expect(await page.getByRole('heading').textContent()).toBe('This link does not work')
  })
})

/** The lowest ratio between a text's colour and what is behind it; runs in the page. */
const lowestContrast = `(() => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number)
  const luminance = (color) => {
    const [r, g, b] = channels(color).slice(0, 3).map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const background = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor
      if (channels(color)[3] !== 0) return color
    }
    return 'rgb(255, 255, 255)'
  }
  const texts = [...document.querySelectorAll('main *')].filter((element) => element.textContent.trim() !== '')
  return Math.min(...texts.map((element) => {
    const [a, b] = [luminance(getComputedStyle(element).color), luminance(background(element))]
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
  }))
})()`
